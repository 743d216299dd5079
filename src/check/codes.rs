//! The stable names of mistakes, as in go/types' error codes.

macro_rules! codes {
    ($($name:ident)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(dead_code, reason = "the list is go/types' own; some mistakes are the parser's or a later gc pass's")]
        pub enum Code { $($name),* }

        impl Code {
            /// The name itself; what a diagnostic carries.
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => stringify!($name)),* }
            }
        }
    };
}

codes! {
    Test InvalidSyntaxTree BlankPkgName MismatchedPkgName InvalidPkgUse BadImportPath BrokenImport ImportCRenamed
    UnusedImport InvalidInitCycle DuplicateDecl InvalidDeclCycle InvalidTypeCycle InvalidConstInit InvalidConstVal
    InvalidConstType UntypedNilUse WrongAssignCount UnassignableOperand NoNewVar MultiValAssignOp InvalidIfaceAssign
    InvalidChanAssign IncompatibleAssign UnaddressableFieldAssign NotAType InvalidArrayLen BlankIfaceMethod
    IncomparableMapKey InvalidPtrEmbed BadRecv InvalidRecv DuplicateFieldAndMethod DuplicateMethod InvalidBlank
    InvalidIota MissingInitBody InvalidInitSig InvalidInitDecl InvalidMainDecl TooManyValues NotAnExpr TruncatedFloat
    NumericOverflow UndefinedOp MismatchedTypes DivByZero NonNumericIncDec UnaddressableOperand InvalidIndirection
     InvalidIndex SwappedSliceIndices NonSliceableOperand InvalidSliceExpr InvalidShiftCount
    InvalidShiftOperand InvalidReceive InvalidSend DuplicateLitKey MissingLitKey InvalidLitIndex OversizeArrayLit
    MixedStructLit InvalidStructLit MissingLitField DuplicateLitField UnexportedLitField InvalidLitField UntypedLit
    InvalidLit AmbiguousSelector UndeclaredImportedName UnexportedName UndeclaredName MissingFieldOrMethod
    BadDotDotDotSyntax NonVariadicDotDotDot MisplacedDotDotDot InvalidDotDotDotOperand InvalidDotDotDot
    UncalledBuiltin InvalidAppend InvalidCap InvalidClose InvalidCopy InvalidComplex InvalidDelete InvalidImag
    InvalidLen SwappedMakeArgs InvalidMake InvalidReal InvalidAssert ImpossibleAssert InvalidConversion
    InvalidUntypedConversion BadOffsetofSyntax InvalidOffsetof UnusedExpr UnusedVar MissingReturn WrongResultCount
    OutOfScopeResult InvalidCond InvalidPostDecl InvalidIterVar InvalidRangeExpr MisplacedBreak MisplacedContinue
    MisplacedFallthrough InvalidCase DuplicateCase DuplicateDefault BadTypeKeyword InvalidTypeSwitch
    InvalidExprSwitch InvalidSelectCase UndeclaredLabel DuplicateLabel MisplacedLabel UnusedLabel JumpOverDecl
    JumpIntoBlock InvalidMethodExpr WrongArgCount InvalidCall UnusedResults InvalidDefer InvalidGo BadDecl
    RepeatedDecl InvalidUnsafeAdd InvalidUnsafeSlice UnsupportedFeature NotAGenericType WrongTypeArgCount
    CannotInferTypeArgs InvalidTypeArg InvalidInstanceCycle InvalidUnion MisplacedConstraintIface
    InvalidMethodTypeParams MisplacedTypeParam InvalidUnsafeSliceData InvalidUnsafeString InvalidClear TypeTooLarge
    InvalidMinMaxOperand TooNew
}
