use std::path::PathBuf;

use super::decls::decls;
use super::patch::apply;
use super::*;

const BASE: Rules = Rules {
    import_path: "p",
    tags: &[],
    no_arch: false,
    drop_files: &[],
    add_files: &[],
    edits: &[],
    files: &[],
};

#[track_caller]
fn check_patch(edits: &'static [Edit], ours: &'static str, text: &str, want: &str) {
    let files: &'static [File] = vec![File { name: "ours.go", text: ours }].leak();
    let got = apply(&Rules { edits, files, ..BASE }, "a.go", text).unwrap();
    assert_eq!(got, want);
    assert_eq!(got.matches('\n').count(), text.matches('\n').count(), "lines moved");
}

#[test]
fn names_of_declarations() {
    let text = "package p\n\nimport \"x\"\n\nfunc F[T any](x T) {\n\treturn `}`\n}\n\nfunc (r *R[T]) M() int\n\n\
                type (\n\tA int\n\tB struct {\n\t\tx int // }\n\t}\n)\n\nvar a, b = 1, '}'\nconst (\n\tc = iota\n\td\n)\n";
    let names: Vec<String> = decls(text).into_iter().map(|d| d.name).collect();
    assert_eq!(names, ["F", "R.M", "A", "B", "a", "b", "c", "d"]);
}

#[test]
fn our_declaration_replaces_the_original_with_its_directives() {
    let text = "package p\n\n// F does.\n//\n//go:nosplit\nfunc F() {\n\tx()\n}\n\nfunc (t *T) F() {}\n";
    check_patch(&[], "package p\nfunc F() {}\n", text, "package p\n\n\n\n\n\n\n\n\nfunc (t *T) F() {}\n");
}

#[test]
fn one_constant_of_a_group_gets_another_value() {
    let edits = &[Edit::Value { file: "a.go", name: "b", value: "7" }];
    check_patch(
        edits,
        "",
        "package p\nconst (\n\ta = 1\n\tb = f(\n\t\ta) // why\n)\n",
        "package p\nconst (\n\ta = 1\n\tb = 7 \n// why\n)\n",
    );
}

#[test]
fn fields_are_appended_on_the_last_line() {
    let edits = &[Edit::Fields { file: "a.go", name: "g", fields: "y int; z int" }];
    check_patch(
        edits,
        "",
        "package p\ntype g struct {\n\tx int\n}\n",
        "package p\ntype g struct {\n\tx int\ny int; z int }\n",
    );
}

#[test]
fn words_change_in_one_declaration_and_only_as_whole_words() {
    let edits = &[Edit::Words { file: "a.go", decl: "f", find: "lock()", with: "_ = 0" }];
    let text = "package p\nfunc f() {\n\tlock()\n\tunlock()\n}\nfunc g() {\n\tlock()\n}\n";
    check_patch(edits, "", text, "package p\nfunc f() {\n\t_ = 0\n\tunlock()\n}\nfunc g() {\n\tlock()\n}\n");
}

#[test]
fn edit_without_its_words_is_a_fault() {
    let edits = &[Edit::Words { file: "a.go", decl: "f", find: "lock()", with: "" }];
    let fault = apply(&Rules { edits, ..BASE }, "a.go", "package p\nfunc f() {}\n").unwrap_err();
    assert_eq!(fault.to_string(), "overlay of p does not fit a.go: f does not say `lock()`");
}

/// Writes the patched packages below `$THERMOS_OVERLAY_OUT` with the `overlay.json` that `go build -overlay` takes.
#[test]
#[ignore = "a tool for trying overlays with the reference toolchain"]
fn write_overlay_for_reference() {
    let named =
        |name: &str| std::env::var_os(name).map(PathBuf::from).unwrap_or_else(|| panic!("{name} is not set"));
    let (goroot, out) = (named("THERMOS_TEST_GOROOT"), named("THERMOS_OVERLAY_OUT"));
    let mut replace = serde_json::Map::new();
    // The calling convention of internal/abi is ours alone, and gc keeps the assembly that other rules replace.
    for rules in RULES.iter().filter(|r| r.import_path == "runtime") {
        let dir = goroot.join("src").join(rules.import_path);
        let put = |name: &str, text: &str, replace: &mut serde_json::Map<_, _>| {
            let path = out.join(rules.import_path).join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            replace.insert(dir.join(name).to_string_lossy().into(), path.to_string_lossy().into());
        };
        for entry in std::fs::read_dir(&dir).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".go") && !name.ends_with("_test.go") {
                let text = std::fs::read_to_string(dir.join(&name)).unwrap();
                let patched = apply(rules, &name, &text).unwrap();
                if patched != text {
                    put(&name, &patched, &mut replace);
                }
            }
        }
        for file in rules.files {
            put(file.name, file.text, &mut replace);
        }
    }
    let json = serde_json::json!({ "Replace": replace });
    std::fs::write(out.join("overlay.json"), json.to_string()).unwrap();
}
