//! Outlines as a reader sees them: one line per entity, indented by its depth.

use expect_test::{Expect, expect};
use model::Language;

use super::*;
use crate::parse;

/// `kind name` with marks: `+` public, `test`, `skipped`, `focused`, the number of assertions, the lines.
fn show(text: &str, entities: &[Entity]) -> String {
    let mut out = String::new();
    for entity in entities {
        let mut depth = 0;
        let mut up = entity.parent;
        while let Some(at) = up {
            depth += 1;
            up = entities[at].parent;
        }
        let marks = [
            (entity.public, "+".to_owned()),
            (!entity.visibility.is_empty(), format!("`{}`", entity.visibility)),
            (entity.is_test, "test".to_owned()),
            (entity.in_test && !entity.is_test, "in-test".to_owned()),
            (entity.skipped, "skipped".to_owned()),
            (entity.focused, "focused".to_owned()),
            (entity.assertions > 0, format!("asserts={}", entity.assertions)),
        ];
        let marks: String =
            marks.into_iter().filter(|(on, _)| *on).map(|(_, mark)| format!(" {mark}")).collect();
        let last = entity.first_line + entity.lines;
        let signature: Vec<&str> =
            entity.signature_ranges.iter().map(|r| &text[r.clone()]).collect();
        let signature = signature.join(" .. ").split_whitespace().collect::<Vec<_>>().join(" ");
        out.push_str(&format!(
            "{}{} {} {}-{last}{marks} | {signature}\n",
            "  ".repeat(depth),
            entity.kind.word(),
            entity.name,
            entity.first_line + 1,
        ));
    }
    out
}

fn check(language: Language, text: &str, expected: Expect) {
    let parsed = parse(language, text.as_bytes()).unwrap();
    let entities = outline(&parsed).unwrap();
    for (at, entity) in entities.iter().enumerate() {
        assert!(entity.parent.is_none_or(|parent| {
            let outer = &entities[parent];
            parent < at
                && outer.range.start <= entity.range.start
                && entity.range.end <= outer.range.end
        }));
        assert!(entity.range.start <= entity.core.start && entity.core.end <= entity.range.end);
    }
    expected.assert_eq(&show(text, &entities));
}

#[test]
fn rust() {
    check(
        Language::Rust,
        r#"//! About the file.

/// A point.
#[derive(Debug)] // trailing
pub struct Point<T> { x: T }

impl<T: Copy> Point<T> {
    /// Makes one.
    pub(crate) fn new(x: T) -> Self { Self { x } }
    const ZERO: u8 = 0;
}

impl<T> fmt::Display for Point<T> where T: fmt::Display {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { todo!() }
}

trait Hidden { type Out; fn f(&self); }
impl Hidden for &str { type Out = u8; fn f(&self) {} }

#[cfg(unix)]
fn cut() {}
#[cfg(windows)]
fn cut() { fn inner() {} const LOCAL: u8 = 1; }

// far away

pub const LIMIT: usize = 10;
static mut S: u8 = 1;
pub enum E { A, B(u8) }
#[macro_export]
macro_rules! m { () => {}; ($x:expr) => { $x } }
pub mod deep { pub type A = u8; }
mod elsewhere;
extern "C" { fn c(x: u8); }
pub unsafe fn u() {}
"#,
        expect![[r#"
            struct Point 3-5 + `pub` | #[derive(Debug)] .. struct .. <T> { x: T }
            impl Point 7-11 + | impl<T: Copy> .. <T>
              method Point::new 8-9 `pub(crate)` | fn .. (x: T) -> Self
              const Point::ZERO 10-10 | const .. : u8 = .. ;
            impl <Point as fmt::Display> 13-15 + | impl<T> fmt::Display for .. <T> where T: fmt::Display
              method <Point as fmt::Display>::fmt 14-14 + | fn .. (&self, f: &mut fmt::Formatter<'_>) -> fmt::Result
            interface Hidden 17-17 | trait
              type Hidden::Out 17-17 | type .. ;
              method Hidden::f 17-17 | fn .. (&self);
            impl <&str as Hidden> 18-18 | impl Hidden for
              type <&str as Hidden>::Out 18-18 | type .. = u8;
              method <&str as Hidden>::f 18-18 | fn .. (&self)
            fn cut 20-21 | #[cfg(unix)] fn .. ()
            fn cut 22-23 | #[cfg(windows)] fn .. ()
              fn cut::inner 23-23 | fn .. ()
            const LIMIT 27-27 + `pub` | const .. : usize = .. ;
            const S 28-28 | static mut .. : u8 = .. ;
            enum E 29-29 + `pub` | enum .. { A, B(u8) }
            macro m 30-31 + `#[macro_export]` | macro_rules! .. { .. }
            module deep 32-32 + `pub` | mod
              type deep::A 32-32 + `pub` | type .. = u8;
            module elsewhere 33-33 | mod .. ;
            fn c 34-34 | fn .. (x: u8);
            fn u 35-35 + `pub` | unsafe fn .. ()
        "#]],
    );
}

#[test]
fn rust_tests() {
    check(
        Language::Rust,
        r#"
#[cfg(test)]
mod tests {
    fn helper() { assert!(true); }
    #[test]
    fn one() { assert_eq!(1, 1); fn inner() { assert!(true) } prop_assert!(true); expected.assert_eq("x"); }
    #[test]
    #[ignore = "slow"]
    fn two() {}
    #[tokio::test(flavor = "x")]
    async fn three() {}
    #[should_panic]
    #[test]
    fn four() {}
}
#[cfg(not(test))]
mod real { fn a() {} }
#[rstest]
#[case(1)]
fn five(#[case] x: u8) { assert!(x > 0) }
"#,
        expect![[r#"
            module tests 2-15 in-test | #[cfg(test)] mod
              fn tests::helper 4-4 in-test asserts=1 | fn .. ()
              fn tests::one 5-6 test asserts=4 | #[test] fn .. ()
                fn tests::one::inner 6-6 in-test asserts=1 | fn .. ()
              fn tests::two 7-9 test skipped | #[test] #[ignore = "slow"] fn .. ()
              fn tests::three 10-11 test | #[tokio::test(flavor = "x")] async fn .. ()
              fn tests::four 12-14 test asserts=1 | #[should_panic] #[test] fn .. ()
            module real 16-17 | #[cfg(not(test))] mod
              fn real::a 17-17 | fn .. ()
            fn five 18-20 test asserts=1 | #[rstest] #[case(1)] fn .. (#[case] x: u8)
        "#]],
    );
}

#[test]
fn python() {
    check(
        Language::Python,
        r#"#!/usr/bin/env python3
"""About the file."""
import os

LIMIT: int = 3
_cache = {}

@decorated(x=1)
async def fetch(url, *, retries=3) -> bytes:
    """Fetches."""
    def inner():
        return 1
    local = 2
    return inner()

class Shape(Base, metaclass=M):
    """A shape."""
    side: int = 1

    def __init__(self):
        pass

    @property
    def area(self): return 1

    @area.setter
    def area(self, value): pass

    def _hidden(self): pass

    class Inner:
        def f(self): pass

type Pair[T] = tuple[T, T]
"#,
        expect![[r#"
            const LIMIT 5-5 + | : int =
            const _cache 6-6 `private` | =
            fn fetch 8-14 + | @decorated(x=1) async def .. (url, *, retries=3) -> bytes:
              fn fetch.inner 11-12 | def .. ():
            class Shape 16-32 + | class .. (Base, metaclass=M):
              method Shape.__init__ 20-21 + | def .. (self):
              method Shape.area 23-24 + | @property def .. (self):
              method Shape.area 26-27 + | @area.setter def .. (self, value):
              method Shape._hidden 29-29 `private` | def .. (self):
              class Shape.Inner 31-32 + | class .. :
                method Shape.Inner.f 32-32 + | def .. (self):
            type Pair 34-34 + | type .. [T] = tuple[T, T]
        "#]],
    );
}

#[test]
fn python_tests() {
    check(
        Language::Python,
        r#"
import pytest

def test_one():
    assert 1 == 1
    with pytest.raises(ValueError):
        pass

@pytest.mark.skip(reason="x")
def test_two(): pass

class TestThing:
    def helper(self): pass
    def test_a(self):
        self.assertEqual(1, 1); mock.assert_called_once()

class Case(unittest.TestCase):
    @unittest.skipIf(True, "x")
    def test_b(self): pass
    def test_c(self):
        self.skipTest("later")

def testimony(): pass
"#,
        expect![[r#"
            fn test_one 4-7 + test asserts=2 | def .. ():
            fn test_two 9-10 + test skipped | @pytest.mark.skip(reason="x") def .. ():
            class TestThing 12-15 + in-test | class .. :
              method TestThing.helper 13-13 + in-test | def .. (self):
              method TestThing.test_a 14-15 + test asserts=2 | def .. (self):
            class Case 17-21 + in-test | class .. (unittest.TestCase):
              method Case.test_b 18-19 + test skipped | @unittest.skipIf(True, "x") def .. (self):
              method Case.test_c 20-21 + test skipped | def .. (self):
            fn testimony 23-23 + | def .. ():
        "#]],
    );
}

#[test]
fn javascript() {
    check(
        Language::JavaScript,
        r#"
import x from "x";
/** Adds. */
export function add(a, b) { return a + b; }
export default function () { return 1; }
export const mul = async (a, b) => a * b, two = 2;
const LIMIT = 3;
let counter;
class Shape extends Base {
  static count = 0;
  #hidden = 1;
  constructor() { super(); }
  get area() { return 1; }
  set area(v) {}
  #secret() {}
  handle = (e) => { const inner = () => 1; const local = 2; };
}
function* gen() {}
exports.late = function (a) {};
Shape.prototype.old = () => 1;
const api = { get(url) { return { nested() {} }; }, post: (url) => 1, base: "/" };
export { LIMIT as limit, Shape };
const Widget = memo(() => { return <div/>; });
"#,
        expect![[r#"
            fn add 3-4 + `export` | function .. (a, b)
            fn default 5-5 + `export default` | function ()
            fn mul 6-6 + `export` | = async (a, b) =>
            const two 6-6 + `export` | =
            const LIMIT 7-7 + `export` | const .. = .. ;
            const counter 8-8 | let .. ;
            class Shape 9-17 + `export` | class .. extends Base
              method Shape.constructor 12-12 + | ()
              method Shape.area 13-13 + | get .. ()
              method Shape.area 14-14 + | set .. (v)
              method Shape.#secret 15-15 `private` | ()
              method Shape.handle 16-16 + | = (e) =>
                fn Shape.handle.inner 16-16 | const .. = () => .. ;
            fn gen 18-18 | function* .. ()
            fn exports.late 19-19 + | = function (a) .. ;
            fn Shape.prototype.old 20-20 | = () => .. ;
            const api 21-21 | const .. = .. ;
              method api.get 21-21 | (url)
              method api.post 21-21 | : (url) =>
            const Widget 23-23 | const .. = .. ;
        "#]],
    );
}

#[test]
fn typescript() {
    check(
        Language::TypeScript,
        r#"
export interface Shape<T> { area(): number; side: T }
export type Id = string | number;
export enum Color { Red, Green }
export abstract class Base<T> implements Shape<T> {
  private count: number = 0;
  constructor(readonly side: T) { super(); }
  @log() public area(): number { return 1; }
  protected abstract scale(by: number): void;
  private hidden() {}
  handle = (e: Event): void => {};
}
export function f(a: string): string;
export function f(a: number): number;
export function f(a: any) { return a; }
export namespace Deep { export const x = 1; function y() {} }
declare function ambient(a: number): void;
export declare const VERSION: string;
declare module "other" { export function z(): void; }
@Component({ selector: "x" })
export class Widget {}
function local() {}
export = local;
"#,
        expect![[r#"
            interface Shape 2-2 + `export` | interface .. <T> { area(): number; side: T }
            type Id 3-3 + `export` | type .. = string | number;
            enum Color 4-4 + `export` | enum .. { Red, Green }
            class Base 5-12 + `export` | abstract class .. <T> implements Shape<T>
              method Base.constructor 7-7 + | (readonly side: T)
              method Base.area 8-8 + `public` | @log() .. (): number
              method Base.scale 9-9 + `protected` | abstract .. (by: number): void
              method Base.hidden 10-10 `private` | ()
              method Base.handle 11-11 + | = (e: Event): void =>
            fn f 13-13 + `export` | function .. (a: string): string;
            fn f 14-14 + `export` | function .. (a: number): number;
            fn f 15-15 + `export` | function .. (a: any)
            module Deep 16-16 + `export` | namespace
              const Deep.x 16-16 + `export` | const .. = .. ;
              fn Deep.y 16-16 | function .. ()
            fn ambient 17-17 | declare function .. (a: number): void;
            const VERSION 18-18 + `export` | declare const .. : string;
            module other 19-19 | declare module
              fn other.z 19-19 `export` | function .. (): void;
            class Widget 20-21 + `export` | @Component({ selector: "x" }) .. class
            fn local 22-22 + `export` | function .. ()
        "#]],
    );
}

#[test]
fn tsx() {
    check(
        Language::Tsx,
        r#"
export const App: FC<Props> = ({ name }: Props) => {
  const onClick = () => { go(); };
  return <button onClick={onClick}>{name}</button>;
};
export default function Page() { return <App name="x" />; }
"#,
        expect![[r#"
            fn App 2-5 + `export` | const .. : FC<Props> = ({ name }: Props) => .. ;
              fn App.onClick 3-3 | const .. = () => .. ;
            fn Page 6-6 + `export default` | function .. ()
        "#]],
    );
}

#[test]
fn javascript_tests() {
    let text = r#"
describe("sum", () => {
  const helper = () => 1;
  beforeEach(() => {});
  it("adds `two` numbers", async () => { expect(1).toBe(1); expect(2).toBe(2); });
  it.skip("later", () => {});
  it.only('alone', function () { assert.equal(1, 1); });
  test.each([1, 2])("each %i", (n) => { expect(n).toBe(n); });
  xit("off", () => {});
  it.todo("some day");
  describe.skip("group", () => { it("inner", () => {}); });
});
test(`title`, () => {});
notATest("x", () => {});
"#;
    let expected = expect![[r#"
        module sum 2-12 in-test | describe( .. , () => .. );
          fn sum.helper 3-3 in-test | const .. = () => .. ;
          fn sum.adds `two` numbers 5-5 test asserts=2 | it( .. , async () => .. );
          fn sum.later 6-6 test skipped | it.skip( .. , () => .. );
          fn sum.alone 7-7 test focused asserts=1 | it.only( .. , function () .. );
          fn sum.each %i 8-8 test asserts=1 | test.each([1, 2])( .. , (n) => .. );
          fn sum.off 9-9 test skipped | xit( .. , () => .. );
          fn sum.some day 10-10 test skipped | it.todo( .. );
          module sum.group 11-11 in-test skipped | describe.skip( .. , () => .. );
            fn sum.group.inner 11-11 test skipped | it( .. , () => .. );
        fn title 13-13 test | test( .. , () => .. );
    "#]];
    check(Language::JavaScript, text, expected);
    let parsed = parse(Language::TypeScript, text.as_bytes()).unwrap();
    let same = parse(Language::JavaScript, text.as_bytes()).unwrap();
    assert_eq!(outline(&parsed), outline(&same));
}

#[test]
fn nested_functions_stay_within_the_depth_limit() {
    let depth = 300;
    let text = format!("{}{}", "function f() { ".repeat(depth), "}".repeat(depth));
    let parsed = parse(Language::JavaScript, text.as_bytes()).unwrap();
    let entities = outline(&parsed).unwrap();
    assert_eq!(entities.len(), ENTITY_DEPTH_LIMIT);
}

#[test]
fn long_names_are_cut() {
    let text = format!("test(\"{}\", () => {{}});", "ü".repeat(500));
    let parsed = parse(Language::JavaScript, text.as_bytes()).unwrap();
    let entities = outline(&parsed).unwrap();
    assert!(entities[0].name.len() <= NAME_LIMIT_BYTES + "…".len());
}
