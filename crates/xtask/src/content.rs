//! Converts the texts from Markdown into lists of marks that the page draws: a Markdown parser
//! would make up a quarter of the page.
//!
//! One mark per line: `<p` begins an element, `>` ends it, `=` is text, `` ` `` is code,
//! `<a #/live` begins a link, `/br` stands for itself. It is up to the page which elements and
//! links it accepts.

use anyhow::{Context, Result, bail, ensure};
use pulldown_cmark::{Event, Parser, Tag};
use std::fs;
use std::path::Path;

/// Replaces each text in a build's `content` folder with its marks.
///
/// # Errors
/// When a text contains something that the page does not draw.
pub fn run(folder: &Path) -> Result<()> {
    let content = folder.join("content");
    ensure!(
        content.is_dir(),
        "{} has no content folder: does index.html copy it?",
        folder.display()
    );
    convert_all(&content)
}

fn convert_all(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            convert_all(&path)?;
        } else if path.extension().is_some_and(|end| end == "md") {
            let text = fs::read_to_string(&path)?;
            let marks = marks(&text).with_context(|| path.display().to_string())?;
            fs::write(path.with_extension("txt"), marks)?;
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// A text as marks.
fn marks(text: &str) -> Result<String> {
    let mut lines: Vec<String> = Vec::new();
    for event in Parser::new(text) {
        match event {
            Event::Start(tag) => lines.push(format!("<{}", element(&tag)?)),
            Event::End(_) => lines.push(">".into()),
            Event::Text(text) => say(&mut lines, &text),
            Event::SoftBreak => say(&mut lines, " "),
            Event::Code(text) => lines.push(format!("`{text}")),
            Event::HardBreak => lines.push("/br".into()),
            Event::Rule => lines.push("/hr".into()),
            other => bail!("the page does not draw {other:?}"),
        }
    }
    Ok(lines.join("\n") + "\n")
}

/// Appends text, merging it with text directly before it.
fn say(lines: &mut Vec<String>, text: &str) {
    let text = text.replace('\n', " ");
    match lines.last_mut().filter(|last| last.starts_with('=')) {
        Some(last) => last.push_str(&text),
        None => lines.push(format!("={text}")),
    }
}

fn element(tag: &Tag) -> Result<String> {
    Ok(match tag {
        Tag::Paragraph => "p".into(),
        Tag::Heading { level, .. } => level.to_string(),
        Tag::Emphasis => "em".into(),
        Tag::Strong => "strong".into(),
        Tag::List(None) => "ul".into(),
        Tag::List(Some(_)) => "ol".into(),
        Tag::Item => "li".into(),
        Tag::BlockQuote(_) => "blockquote".into(),
        Tag::Link { dest_url, .. } if dest_url.starts_with("#/") => format!("a {dest_url}"),
        other => bail!("the page does not draw {other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::marks;

    /// The same marks as in the page's own test (`crates/page/src/learn/marks.rs`).
    #[test]
    fn markdown_becomes_marks() {
        let text = "# A *b*\n\nOne\ntwo `{x}`: [there](#/live).\n\n- **c**\n";
        let expected = "<h1\n=A \n<em\n=b\n>\n>\n<p\n=One two \n`{x}\n=: \n<a #/live\n=there\n>\n=.\n>\n\
                        <ul\n<li\n<strong\n=c\n>\n>\n>\n";
        assert_eq!(marks(text).unwrap(), expected);
    }

    #[test]
    fn what_the_page_does_not_draw_is_refused() {
        for text in [
            "<b>x</b>\n",
            "![x](y)\n",
            "[x](https://example.org/)\n",
            "<script>\n",
        ] {
            assert!(marks(text).is_err(), "{text}");
        }
    }
}
