use super::*;
use crate::base::Pos;

fn package() -> PkgRef {
    PkgRef::new("example.com/p", "p")
}

fn type_name(pkg: PkgRef, name: &str) -> ObjRef {
    let obj = ObjRef::type_name(Pos::NONE, Some(pkg), name, None);
    pkg.scope.insert(obj);
    obj
}

fn named(pkg: PkgRef, name: &str, rhs: Ty) -> Ty {
    let ty = Named::new(type_name(pkg, name));
    ty.as_named().unwrap().set_rhs(rhs);
    ty
}

fn field(pkg: PkgRef, name: &str, ty: Ty, embedded: bool) -> ObjRef {
    ObjRef::field(Pos::NONE, Some(pkg), name, Some(ty), embedded)
}

fn param(pkg: PkgRef, name: &str, ty: Ty) -> ObjRef {
    ObjRef::var(VarKind::Param, Pos::NONE, Some(pkg), name, Some(ty))
}

fn tparam(pkg: PkgRef, name: &str, index: usize, bound: Ty) -> Ty {
    let ty = TypeParam::new(ObjRef::type_name(Pos::NONE, Some(pkg), name, None), index);
    ty.as_type_param().unwrap().set_bound(bound);
    ty
}

/// `type List[T any] struct { head T; tail *List[T] }` with a method `Head() T`.
fn list(pkg: PkgRef) -> Ty {
    let list = Named::new(type_name(pkg, "List"));
    let t = tparam(pkg, "T", 0, Ty::ANY);
    list.as_named().unwrap().set_tparams(vec![t]);
    let tail = Ty::pointer(instantiate(list, &[t]));
    let fields = vec![field(pkg, "head", t, false), field(pkg, "tail", tail, false)];
    list.as_named().unwrap().set_rhs(Ty::structure(fields, Vec::new()));
    let own = tparam(pkg, "E", 0, Ty::ANY);
    let recv = ObjRef::var(VarKind::Recv, Pos::NONE, Some(pkg), "l", Some(instantiate(list, &[own])));
    let result = ObjRef::var(VarKind::Result, Pos::NONE, Some(pkg), "", Some(own));
    let sig =
        Signature { recv: Some(recv), rparams: vec![own], results: vec![result], ..Signature::default() };
    let head = ObjRef::func(Pos::NONE, Some(pkg), "Head", Some(Ty::signature(sig)));
    list.as_named().unwrap().add_method(head);
    list
}

#[track_caller]
fn shows(ty: Ty, want: &str) {
    assert_eq!(type_string(ty, &|pkg| Some(pkg.name().to_owned())), want);
}

#[test]
fn types_in_words() {
    let pkg = package();
    shows(Ty::UNSAFE_POINTER, "unsafe.Pointer");
    shows(Ty::BYTE, "byte");
    shows(Ty::ANY, "any");
    shows(Ty::EMPTY_INTERFACE, "interface{}");
    shows(Ty::ERROR.underlying(), "interface{Error() string}");
    shows(Ty::map(Ty::STRING, Ty::array(Ty::INT, 3)), "map[string][3]int");
    let recv_only = Ty::chan(ChanDir::Recv, Ty::INT);
    shows(Ty::chan(ChanDir::Both, recv_only), "chan (<-chan int)");
    shows(Ty::chan(ChanDir::Send, recv_only), "chan<- <-chan int");
    let variadic = Signature {
        params: vec![param(pkg, "format", Ty::STRING), param(pkg, "a", Ty::slice(Ty::ANY))],
        results: vec![param(pkg, "n", Ty::INT), param(pkg, "err", Ty::ERROR)],
        variadic: true,
        ..Signature::default()
    };
    shows(Ty::signature(variadic), "func(format string, a ...any) (n int, err error)");
    let tags = vec![b"json:\"x\"".as_slice(), b""];
    let fields = vec![field(pkg, "X", Ty::INT, false), field(pkg, "error", Ty::ERROR, true)];
    shows(Ty::structure(fields, tags), "struct{X int \"json:\\\"x\\\"\"; error}");
    let list = list(pkg);
    shows(list, "p.List[T any]");
    shows(instantiate(list, &[Ty::slice(Ty::INT)]), "p.List[[]int]");
}

#[test]
fn instances_are_shared_and_lazy() {
    let pkg = package();
    let list = list(pkg);
    let ints = instantiate(list, &[Ty::INT]);
    assert_eq!(ints, instantiate(list, &[Ty::INT]));
    assert!(identical(instantiate(list, &[Ty::UINT8]), instantiate(list, &[Ty::BYTE])));
    shows(ints.underlying(), "struct{head int; tail *p.List[int]}");
    let head = lookup_field_or_method(Ty::pointer(ints), false, Some(pkg), "Head", false);
    shows(head.obj.unwrap().typ(), "func() int");
    assert!(head.indirect);
}

#[test]
fn a_type_that_is_not_declared_yet_is_invalid_for_now() {
    let pkg = package();
    let open = Named::new(type_name(pkg, "T"));
    assert_eq!(open.underlying(), Ty::INVALID);
    open.as_named().unwrap().set_rhs(Ty::INT);
    assert_eq!(open.underlying(), Ty::INT);
    let (a, b) = (Alias::new(type_name(pkg, "A")), Alias::new(type_name(pkg, "B")));
    assert!(!identical(a, b), "open aliases are not known to be the same");
}

#[test]
fn embedding_promotes_hides_and_collides() {
    let pkg = package();
    let inner = named(
        pkg,
        "Inner",
        Ty::structure(vec![field(pkg, "x", Ty::INT, false), field(pkg, "y", Ty::INT, false)], Vec::new()),
    );
    let other = named(pkg, "Other", Ty::structure(vec![field(pkg, "y", Ty::STRING, false)], Vec::new()));
    let fields = vec![
        field(pkg, "Inner", Ty::pointer(inner), true),
        field(pkg, "Other", other, true),
        field(pkg, "z", Ty::BOOL, false),
    ];
    let outer = named(pkg, "Outer", Ty::structure(fields, Vec::new()));
    let look = |name| lookup_field_or_method(outer, true, Some(pkg), name, false);
    let x = look("x");
    assert_eq!((x.index, x.indirect, x.obj.unwrap().typ()), (vec![0, 0], true, Ty::INT));
    let y = look("y");
    assert!(y.obj.is_none() && !y.index.is_empty(), "y is ambiguous");
    assert_eq!(look("z").index, [2]);
    assert!(look("nothing").obj.is_none());
}

#[test]
fn pointer_methods_need_an_address() {
    let pkg = package();
    let t = named(pkg, "T", Ty::INT);
    let recv = ObjRef::var(VarKind::Recv, Pos::NONE, Some(pkg), "t", Some(Ty::pointer(t)));
    let sig = Ty::signature(Signature { recv: Some(recv), ..Signature::default() });
    t.as_named().unwrap().add_method(ObjRef::func(Pos::NONE, Some(pkg), "Set", Some(sig)));
    assert!(lookup_field_or_method(t, true, Some(pkg), "Set", false).obj.is_some());
    let found = lookup_field_or_method(t, false, Some(pkg), "Set", false);
    assert!(found.obj.is_none() && found.indirect);
    assert_eq!((method_set(t).len(), method_set(Ty::pointer(t)).len()), (0, 1));
}

#[test]
fn type_sets_intersect() {
    let union = Ty::union(vec![Term { tilde: true, ty: Ty::INT }, Term { tilde: false, ty: Ty::STRING }]);
    let a = Interface::make(Vec::new(), vec![union]);
    let b = Interface::make(Vec::new(), vec![Ty::INT, Ty::COMPARABLE]);
    let both = Interface::make(Vec::new(), vec![a, b]).type_set().unwrap();
    assert!(both.terms.includes(Ty::INT) && !both.terms.includes(Ty::STRING) && both.is_comparable());
    let none = Interface::make(Vec::new(), vec![Ty::INT, Ty::STRING]).type_set().unwrap();
    assert!(none.is_empty());
    assert!(both.subset_of(a.type_set().unwrap()));
}

#[test]
fn comparing_types() {
    assert!(comparable_type(Ty::slice(Ty::INT), true).is_err());
    assert!(comparable_type(Ty::ANY, true).is_ok() && comparable_type(Ty::ANY, false).is_err());
    let why = comparable_type(Ty::array(Ty::slice(Ty::INT), 2), true).unwrap_err();
    assert_eq!(why, "[2][]int cannot be compared");
}

fn interface_of(pkg: PkgRef) -> Vec<u8> {
    export::encode(pkg)
}

fn sample() -> PkgRef {
    let pkg = package();
    let list = list(pkg);
    let hidden = named(pkg, "hidden", Ty::structure(vec![field(pkg, "l", list, false)], Vec::new()));
    pkg.scope.insert(ObjRef::var(VarKind::Package, Pos::NONE, Some(pkg), "V", Some(Ty::pointer(hidden))));
    let value = Const::f64(0.1);
    pkg.scope.insert(ObjRef::constant(Pos::NONE, Some(pkg), "Tenth", Some(Ty::UNTYPED_FLOAT), Some(value)));
    let linked = ObjRef::func(Pos::NONE, Some(pkg), "Linked", Some(Ty::signature(Default::default())));
    linked.set_linkname("runtime.linked");
    pkg.scope.insert(linked);
    named(pkg, "unreached", Ty::INT);
    pkg
}

#[test]
fn interfaces_survive_the_way_through_bytes() {
    let bytes = interface_of(sample());
    let nobody = |path: &str| Err(format!("{path} is not to be asked for"));
    let back = export::decode(&bytes, &nobody).unwrap();
    assert_eq!(interface_of(back), bytes);
    assert_eq!(interface_of(sample()), bytes, "ids do not show");
    assert!(back.scope.lookup("unreached").is_none());
    let (a, b) = (sample().scope.lookup("V").unwrap(), back.scope.lookup("V").unwrap());
    assert!(identical(a.typ(), b.typ()), "types are known by their declaration, not by their address");
    assert_eq!(back.scope.lookup("Tenth").unwrap().value().unwrap().to_string(), "0.1");
    assert_eq!(back.scope.lookup("Linked").unwrap().linkname(), Some("runtime.linked"));
    assert_eq!(a.linkname(), None);
}

#[test]
fn damaged_interfaces_are_errors() {
    let bytes = interface_of(sample());
    let nobody = |path: &str| Err(path.to_owned());
    for cut in 0..bytes.len() {
        assert!(export::decode(&bytes[..cut], &nobody).is_err(), "cut at {cut}");
    }
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x55;
        _ = export::decode(&flipped, &nobody);
    }
}
