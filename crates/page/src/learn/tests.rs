//! Checks that the repository's content is complete and has the same structure in both languages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Parser, Tag};

use super::TOPICS;
use super::figures::Figures;

/// Every room leads to the article about its protocol.
#[test]
fn every_protocol_has_an_article() {
    for protocol in scenario::ProtocolOutline::all() {
        assert!(super::Topic::find(protocol.id).is_some(), "{}", protocol.id);
    }
}

const LANGUAGES: [&str; 2] = ["en", "zh"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content")
}

/// Collects every text by its key (its folder) and language.
fn texts(folder: &Path, found: &mut BTreeMap<String, BTreeMap<String, String>>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts(&path, found);
            continue;
        }
        let name = path
            .strip_prefix(root())
            .expect("inside")
            .to_string_lossy()
            .replace('\\', "/");
        let (key, file) = name
            .rsplit_once('/')
            .expect("no text lies beside the folders");
        let lang = file.strip_suffix(".md").expect("nothing but texts");
        assert!(
            LANGUAGES.contains(&lang),
            "{name} is in no language of ours"
        );
        let text = fs::read_to_string(&path).expect("readable");
        found
            .entry(key.to_owned())
            .or_default()
            .insert(lang.to_owned(), text);
    }
}

fn all() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    texts(&root(), &mut found);
    found
}

/// What both languages of a text must have in common.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    /// Levels of the headings in order, each with the number of paragraphs and lists below it.
    sections: Vec<(u8, usize)>,
    /// Placeholders for figures, and how often each is used.
    places: BTreeMap<String, usize>,
    /// Targets of the links, in order.
    links: Vec<String>,
}

fn shape(name: &str, text: &str) -> Shape {
    let mut shape = Shape {
        sections: Vec::new(),
        places: BTreeMap::new(),
        links: Vec::new(),
    };
    let mut words = String::new();
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => shape.sections.push((level as u8, 0)),
            Event::Start(Tag::Paragraph | Tag::List(_)) => {
                let section = shape.sections.last_mut();
                section
                    .unwrap_or_else(|| panic!("{name} begins with no heading"))
                    .1 += 1;
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with("#/"), "{name} leads away: {dest_url}");
                shape.links.push(dest_url.to_string());
            }
            Event::Start(Tag::Image { .. }) => panic!("{name} has an image"),
            Event::Html(html) | Event::InlineHtml(html) => panic!("{name} has HTML: {html}"),
            Event::Text(text) | Event::Code(text) => words += &text,
            _ => {}
        }
    }
    for piece in words.split('{').skip(1) {
        let place = piece.split('}').next().unwrap_or_default();
        assert!(
            Figures::PLACES.contains(&place),
            "{name} has no figure for {{{place}}}"
        );
        *shape.places.entry(place.to_owned()).or_default() += 1;
    }
    shape
}

#[test]
fn both_languages_of_a_text_have_the_same_sections_figures_and_links() {
    for (key, languages) in all() {
        let there: Vec<_> = languages.keys().map(String::as_str).collect();
        assert_eq!(there, LANGUAGES, "{key}");
        let [en, zh] = LANGUAGES.map(|lang| shape(&format!("{key}/{lang}"), &languages[lang]));
        assert_eq!(en, zh, "{key}");
        assert_eq!(
            en.sections.first().map(|section| section.0),
            Some(1),
            "{key} has a title"
        );
        let titles = en.sections.iter().filter(|section| section.0 == 1).count();
        assert_eq!(titles, 1, "{key}");
        assert!(
            en.sections.iter().all(|section| section.1 > 0),
            "{key} has an empty section"
        );
    }
}

#[test]
fn every_protocol_of_the_registry_has_its_text_and_no_text_is_left_over() {
    let wanted: Vec<_> = consensus::PROTOCOLS
        .iter()
        .map(|entry| entry.card.id)
        .collect();
    let topics: Vec<_> = TOPICS.iter().map(|topic| topic.id()).collect();
    assert_eq!(topics, wanted, "TOPICS follow the registry");
    let keys: Vec<_> = all().into_keys().collect();
    let mut expected: Vec<_> = wanted.iter().map(|id| format!("protocols/{id}")).collect();
    expected.sort();
    assert_eq!(keys, expected);
}
