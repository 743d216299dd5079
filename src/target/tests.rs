use super::abi::{self, LeafKind, Place, Shape};
use super::*;

#[test]
fn go_knows_49_pairs() {
    let all = Target::all();
    assert_eq!(all.len(), 49);
    assert_eq!(all[0].to_string(), "aix/ppc64");
    assert!(Target::new("linux", "amd64").is_some_and(Target::has_back_end));
    assert!(Target::new("windows", "wasm").is_none());
    assert!(Os::ALL.is_sorted_by_key(|os| os.name()));
    assert!(Arch::ALL.is_sorted_by_key(|arch| arch.name()));
    assert!(abi::WINCH.is_sorted());
}

fn ints(n: usize) -> Shape {
    Shape { size: 8 * n as u64, align: 8, leaves: Some(vec![LeafKind::Int; n]) }
}

#[test]
fn a_value_is_wholly_in_registers_or_wholly_in_memory() {
    // func(a, b string, c []int, d int) string: 4 registers are taken, the slice does not fit, the int does.
    let got = abi::assign(&[ints(2), ints(2), ints(3), ints(1)], &[ints(2)], 8);
    assert_eq!(
        got.params,
        [Place::Registers, Place::Registers, Place::Memory { offset: 0 }, Place::Registers]
    );
    assert_eq!(got.results, [Place::Registers]);
    assert_eq!((got.overflow.ret_offset, got.overflow.size), (24, 24));
}

#[test]
fn results_follow_the_arguments_in_the_overflow_area() {
    let bytes = Shape { size: 3, align: 1, leaves: None };
    let empty = Shape { size: 0, align: 8, leaves: Some(vec![]) };
    let got = abi::assign(&[bytes.clone(), empty, bytes.clone()], &[bytes.clone(), bytes], 8);
    assert_eq!(got.params, [Place::Memory { offset: 0 }, Place::Nowhere, Place::Memory { offset: 8 }]);
    assert_eq!(got.results, [Place::Memory { offset: 16 }, Place::Memory { offset: 19 }]);
    assert_eq!((got.overflow.ret_offset, got.overflow.size), (16, 24));
}
