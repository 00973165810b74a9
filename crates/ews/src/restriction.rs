//! Restrictions: the search expressions of FindItem and FindFolder, and the order of results.

use crate::{
    fields::FieldUri,
    xml::{element, one_of, words},
};

one_of! {
    pub enum Restriction {
        "t:And" And(Operands),
        "t:Or" Or(Operands),
        "t:Not" Not(Negation),
        "t:Contains" Contains(Contains),
        "t:Excludes" Excludes(Excludes),
        "t:IsEqualTo" IsEqualTo(Comparison),
        "t:IsNotEqualTo" IsNotEqualTo(Comparison),
        "t:IsGreaterThan" IsGreaterThan(Comparison),
        "t:IsGreaterThanOrEqualTo" IsGreaterThanOrEqualTo(Comparison),
        "t:IsLessThan" IsLessThan(Comparison),
        "t:IsLessThanOrEqualTo" IsLessThanOrEqualTo(Comparison),
        "t:Exists" Exists(Existence),
        other "t:",
    }

    /// The right side of a comparison.
    pub enum Operand {
        "t:FieldURI" Field(crate::fields::PlainFieldUri),
        "t:IndexedFieldURI" Indexed(crate::fields::IndexedFieldUri),
        "t:ExtendedFieldURI" Extended(crate::fields::ExtendedFieldUri),
        "t:Constant" Constant(Constant),
    }
}

element! {
    pub struct Operands {
        "*" operands: Vec<Restriction>,
    }

    pub struct Negation {
        "*" operand: Box<Restriction>,
    }

    pub struct Existence {
        "*" field: FieldUri,
    }

    pub struct Contains {
        "@ContainmentMode" mode: Option<ContainmentMode>,
        "@ContainmentComparison" comparison: Option<ContainmentComparison>,
        "*" field: FieldUri,
        "t:Constant" constant: Constant,
    }

    /// True when no bit of the mask is set in the value.
    pub struct Excludes {
        "*" field: FieldUri,
        "t:Bitmask" bitmask: Bitmask,
    }

    pub struct Bitmask {
        "@Value" value: String,
    }

    pub struct Comparison {
        "*" field: FieldUri,
        "t:FieldURIOrConstant/*" operand: Operand,
    }

    /// A literal; binary values in base64.
    pub struct Constant {
        "@Value" value: String = hidden,
    }

    pub struct FieldOrder {
        "@Order" order: SortDirection,
        "*" field: FieldUri,
    }
}

words! {
    pub enum ContainmentMode { FullString, Prefixed, Substring, PrefixOnWords, ExactPhrase }

    pub enum ContainmentComparison {
        Exact, IgnoreCase, IgnoreNonSpacingCharacters, Loose, IgnoreCaseAndNonSpacingCharacters,
        LooseAndIgnoreCase, LooseAndIgnoreNonSpace, LooseAndIgnoreCaseAndIgnoreNonSpace,
    }

    pub enum SortDirection { Ascending, Descending }
}

impl Restriction {
    pub fn is_equal_to(field: impl Into<FieldUri>, value: impl Into<String>) -> Self {
        let operand = Operand::Constant(Constant { value: value.into() });
        Self::IsEqualTo(Comparison { field: field.into(), operand })
    }

    pub fn exists(field: impl Into<FieldUri>) -> Self {
        Self::Exists(Existence { field: field.into() })
    }
}
