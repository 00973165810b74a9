//! The small grammar of paths in `join-links.toml`.

/// A pattern for each segment of a path.
#[derive(Debug)]
pub(super) struct Path {
    segments: Vec<Segment>,
    /// Ends with `{rest}`: one or more further segments.
    has_rest: bool,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no pattern for a path: {0}")]
pub struct MalformedPath(String);

/// Fixed characters, then characters of one sort.
#[derive(Debug)]
struct Segment {
    prefix: String,
    shape: Option<Shape>,
}

#[derive(Debug)]
enum Shape {
    Run { sort: Sort, min: usize, max: usize },
    Groups { sort: Sort, lengths: Vec<usize> },
}

#[derive(Clone, Copy, Debug)]
enum Sort {
    Any,
    Digits,
    Hex,
    Letters,
    Id,
    Upper,
    Name,
    Person,
}

impl Path {
    pub(super) fn several(patterns: &[String]) -> Result<Vec<Self>, MalformedPath> {
        patterns.iter().map(|pattern| Self::new(pattern)).collect()
    }

    fn new(pattern: &str) -> Result<Self, MalformedPath> {
        let mut texts: Vec<_> = pattern.split('/').skip(1).filter(|s| !s.is_empty()).collect();
        let has_rest = texts.pop_if(|last| *last == "{rest}").is_some();
        let segments: Option<_> = texts.iter().map(|text| Segment::new(text)).collect();
        let segments = segments.ok_or_else(|| MalformedPath(pattern.to_owned()))?;
        Ok(Self { segments, has_rest })
    }

    /// If a path fits, the part that names the room: what the last placeholder stands for.
    pub(super) fn room<'a>(&self, path: &'a str) -> Option<&'a str> {
        let mut given = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
        let mut room = "";
        for segment in &self.segments {
            let value = segment.value(given.next()?)?;
            if segment.shape.is_some() {
                room = value;
            }
        }
        let is_at_end = match given.next() {
            None => true,
            Some(text) => text.is_empty() && given.peek().is_none(),
        };
        (is_at_end != self.has_rest).then_some(room)
    }
}

impl Segment {
    fn new(text: &str) -> Option<Self> {
        let Some((prefix, placeholder)) = text.split_once('{') else {
            return Some(Self { prefix: text.to_owned(), shape: None });
        };
        let shape = Shape::new(placeholder.strip_suffix('}')?)?;
        Some(Self { prefix: prefix.to_owned(), shape: Some(shape) })
    }

    /// What stands behind the fixed characters, if it has the right shape.
    fn value<'a>(&self, text: &'a str) -> Option<&'a str> {
        let (start, rest) = text.split_at_checked(self.prefix.len())?;
        let fits = self.shape.as_ref().map_or(rest.is_empty(), |shape| shape.fits(rest));
        (start.eq_ignore_ascii_case(&self.prefix) && fits).then_some(rest)
    }
}

impl Shape {
    fn new(text: &str) -> Option<Self> {
        if text == "uuid" {
            return Some(Self::Groups { sort: Sort::Hex, lengths: vec![8, 4, 4, 4, 12] });
        }
        if let Some((sort, lengths)) = text.split_once('=') {
            let lengths: Result<_, _> = lengths.split('-').map(str::parse).collect();
            return Some(Self::Groups { sort: Sort::new(sort)?, lengths: lengths.ok()? });
        }
        let (sort, bounds) = text.split_once(':').unwrap_or((text, "1-"));
        let (min, max) = bounds.split_once('-')?;
        let max = if max.is_empty() { usize::MAX } else { max.parse().ok()? };
        Some(Self::Run { sort: Sort::new(sort)?, min: min.parse().ok()?, max })
    }

    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Run { sort, min, max } => {
                (*min..=*max).contains(&text.len()) && text.chars().all(|c| sort.has(c))
            }
            Self::Groups { sort, lengths } => {
                text.split('-').map(str::len).eq(lengths.iter().copied())
                    && text.chars().all(|c| c == '-' || sort.has(c))
            }
        }
    }
}

impl Sort {
    fn new(name: &str) -> Option<Self> {
        Some(match name {
            "any" => Self::Any,
            "digits" => Self::Digits,
            "letters" => Self::Letters,
            "id" | "groups" => Self::Id,
            "hex" => Self::Hex,
            "upper" => Self::Upper,
            "name" => Self::Name,
            "person" => Self::Person,
            _ => return None,
        })
    }

    fn has(self, c: char) -> bool {
        match self {
            Self::Any => true,
            Self::Digits => c.is_ascii_digit(),
            Self::Hex => c.is_ascii_hexdigit(),
            Self::Letters => c.is_ascii_alphabetic(),
            Self::Id => c.is_ascii_alphanumeric(),
            Self::Upper => c.is_ascii_uppercase() || c.is_ascii_digit(),
            Self::Name => c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '~' | '-'),
            Self::Person => Self::Name.has(c) || c == '@',
        }
    }
}
