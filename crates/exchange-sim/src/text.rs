//! HTML bodies as text and back, roughly.

/// Without tags, with the commonest references resolved; blocks become lines.
pub(crate) fn from_html(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag_on)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, after)) = tag_on.split_once('>') else {
            text.push('<');
            rest = tag_on;
            break;
        };
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        rest = after;
        match name.as_str() {
            "br" | "p" | "div" | "tr" | "li" if !text.ends_with('\n') => text.push_str("\r\n"),
            "style" | "script" | "head" if !tag.starts_with('/') => {
                let end = format!("</{name}");
                rest = after.find(&end).and_then(|at| after.get(at..)).unwrap_or_default();
            }
            _ => {}
        }
    }
    text.push_str(rest);
    let text = text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&").trim().to_owned()
}

pub(crate) fn to_html(text: &str) -> String {
    let escaped = escaped(text);
    let lines: Vec<&str> = escaped.lines().collect();
    format!("<html><body>{}</body></html>", lines.join("<br>"))
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_text_stays() {
        let html = "<html><head><title>x</title></head><body><p>A &amp; B</p><p>C<br/>D</p></body>";
        assert_eq!(from_html(html), "A & B\r\nC\r\nD");
        assert_eq!(from_html("a < b"), "a < b");
        assert_eq!(to_html("a<b\nc"), "<html><body>a&lt;b<br>c</body></html>");
    }
}
