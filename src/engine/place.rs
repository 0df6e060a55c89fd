//! Places in the United States, and which of somebody's addresses say where they live.
//!
//! An address is one thing: its state, postal code and country count together or not at all.

use super::fhir::{Json, Kind, NodeId};
use super::guard;
use super::time::{Day, PartialDate};

/// The ZIP3 areas of more than 20,000 people, by the 2020 Census: Demographic and Housing Characteristics File, table P1,
/// the populations of the ZIP Code Tabulation Areas added up by their first three digits. Of the 894 areas that have a
/// tabulation area these 18 are not here: 036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893.
const LARGE_ZIP3_CENSUS_2020: &str = "006-007 009-035 037-054 056-058 060-089 100-101 103-191 193-201 206-212 214-268 \
    270-310 312-331 333-339 341-342 344-344 346-347 349-352 354-368 370-374 376-398 400-418 420-427 430-458 460-508 \
    510-516 520-528 530-532 534-535 537-551 553-554 557-567 570-577 580-588 590-620 622-631 633-641 644-648 650-658 \
    660-662 664-681 683-691 693-693 700-701 703-708 710-714 716-731 734-741 743-752 754-770 773-816 820-820 822-822 \
    824-838 840-841 843-847 850-853 855-857 859-860 863-865 870-871 873-875 877-877 880-883 890-891 894-895 897-898 \
    900-900 902-908 910-928 930-937 939-941 943-961 967-968 970-986 988-999";

/// States and territories: USPS code and name.
const US_STATES: [(&str, &str); 56] = [
    ("AL", "Alabama"),
    ("AK", "Alaska"),
    ("AZ", "Arizona"),
    ("AR", "Arkansas"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DE", "Delaware"),
    ("DC", "District of Columbia"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("HI", "Hawaii"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("IA", "Iowa"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("ME", "Maine"),
    ("MD", "Maryland"),
    ("MA", "Massachusetts"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MS", "Mississippi"),
    ("MO", "Missouri"),
    ("MT", "Montana"),
    ("NE", "Nebraska"),
    ("NV", "Nevada"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NY", "New York"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("PR", "Puerto Rico"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VT", "Vermont"),
    ("VA", "Virginia"),
    ("WA", "Washington"),
    ("WV", "West Virginia"),
    ("WI", "Wisconsin"),
    ("WY", "Wyoming"),
    ("AS", "American Samoa"),
    ("GU", "Guam"),
    ("MP", "Northern Mariana Islands"),
    ("VI", "Virgin Islands"),
];

/// Territories that have a country code of their own, which is that of the postal service.
const TERRITORIES: [&str; 5] = ["PR", "AS", "GU", "MP", "VI"];

/// What the United States are called in an address, without its full stops and in lower case.
const COUNTRY: [&str; 4] = ["us", "usa", "united states", "united states of america"];

/// The postal service's code of a state or territory, from its code or name.
pub fn us_state(text: &str) -> Option<&'static str> {
    let known = |known: &str| known.eq_ignore_ascii_case(text.trim());
    US_STATES.iter().find(|(code, name)| known(code) || known(name)).map(|(code, _)| *code)
}

/// The first three digits of a ZIP code, or `000` where no more than 20,000 people are known to live in the area that they
/// name; none where it is not a ZIP code.
pub fn zip3(text: &str) -> Option<&str> {
    let text = text.trim();
    let area = text.get(..3).filter(|_| is_zip(text))?;
    let within = |range: &str| range.split_once('-').is_some_and(|(from, to)| from <= area && area <= to);
    Some(if LARGE_ZIP3_CENSUS_2020.split_whitespace().any(within) { area } else { "000" })
}

/// Whether a text is a ZIP code: five digits, or nine, with or without a hyphen.
fn is_zip(text: &str) -> bool {
    let is_digits =
        |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let rest = text.get(5..).map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    text.get(..5).is_some_and(|zip| is_digits(zip, 5))
        && rest.is_some_and(|rest| text.len() == 5 || is_digits(rest, 4))
}

/// What an address says of the jurisdiction that somebody lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// Nothing: it is an old one, not in force today, or not where somebody lives.
    Aside,
    /// A place that is not in the United States, or may not be.
    Elsewhere,
    /// A place in the United States, in this state where it says one.
    In(Option<&'static str>),
}

/// Where a patient lives outside all of these jurisdictions (`US`, `US-MA`), or may: the address. A patient without any
/// address is not known to live elsewhere; one with addresses of which none is in force is not known to live anywhere.
pub(super) fn outside(json: &Json, patient: NodeId, jurisdictions: &[String], today: Day) -> Option<NodeId> {
    let addresses = json.get(patient, "address").filter(|_| !jurisdictions.is_empty())?;
    let mut any = false;
    for address in items(json, addresses) {
        let listed = match stand(json, address, today) {
            Stand::Aside => continue,
            Stand::Elsewhere => false,
            Stand::In(state) => jurisdictions
                .iter()
                .any(|own| own == "US" || state.is_some() && own.strip_prefix("US-") == state),
        };
        if !listed {
            return Some(address);
        }
        any = true;
    }
    (!any).then_some(addresses)
}

/// Of the address that an element is in and those beside it the one whose state and ZIP code may cross: one in the United
/// States that is in force, at home rather than elsewhere. None where those in force are not all in one state.
pub(super) fn counting(json: &Json, address: NodeId, today: Day) -> Option<NodeId> {
    let list = json.parent(address).filter(|list| json.kind(*list) == Kind::Array).unwrap_or(address);
    let mut found: Option<(NodeId, &'static str, bool)> = None;
    for address in items(json, list) {
        let state = match stand(json, address, today) {
            Stand::Aside => continue,
            Stand::Elsewhere => return None,
            Stand::In(state) => state.unwrap_or_default(),
        };
        let is_home = json.get_str(address, "use").is_some_and(|own| own == "home");
        match found {
            Some((_, other, _)) if other != state => return None,
            Some((.., home)) if home || !is_home => {}
            _ => found = Some((address, state, is_home)),
        }
    }
    found.map(|(address, ..)| address)
}

/// The items of a list, or the one thing that stands where a list may.
fn items(json: &Json, at: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    let is_list = json.kind(at) == Kind::Array;
    let whole = (!is_list).then_some(at).into_iter();
    whole.chain(json.children(at).filter(move |_| is_list))
}

fn stand(json: &Json, address: NodeId, today: Day) -> Stand {
    let text = |key| json.get_str(address, key);
    let of_person = || {
        let owner = json
            .parent(address)
            .map(|list| if json.kind(list) == Kind::Array { json.parent(list) } else { Some(list) });
        owner
            .flatten()
            .and_then(|owner| json.resource_type(owner))
            .is_some_and(|kind| guard::is_person(kind.name()))
    };
    let lives_there = match text("use").as_deref() {
        Some("home" | "temp") | None => json.get(address, "_use").is_none(),
        Some("work") => !of_person(),
        Some(_) => false,
    };
    if !lives_there || !is_in_force(json, address, today) {
        return Stand::Aside;
    }
    let state = text("state").and_then(|state| us_state(&state));
    let is_us = match text("country") {
        Some(country) => {
            let plain = country.replace('.', "").trim().to_lowercase();
            COUNTRY.contains(&plain.as_str())
                || state.is_some_and(|state| TERRITORIES.contains(&state) && country.trim() == state)
        }
        // Without a country it is told by a state of the United States, unless the postal code is not one of theirs.
        None => {
            json.get(address, "_country").is_none()
                && json.get(address, "country").is_none()
                && state.is_some()
                && json
                    .get(address, "postalCode")
                    .is_none_or(|_| text("postalCode").is_some_and(|zip| is_zip(zip.trim())))
        }
    };
    match (is_us, text("state").is_some(), state) {
        (true, true, None) | (false, ..) => Stand::Elsewhere,
        (true, _, state) => Stand::In(state),
    }
}

/// Whether an address is in force on a day: it has no period, or one that has begun and has not ended.
fn is_in_force(json: &Json, address: NodeId, today: Day) -> bool {
    let Some(period) = json.get(address, "period") else { return json.get(address, "_period").is_none() };
    let day = (today.year, today.month, today.day);
    let date = |key, own: fn(PartialDate) -> Day| {
        let date = json.get_str(period, key).and_then(|text| PartialDate::parse(&text)).map(own);
        date.map(|date| (date.year, date.month, date.day))
    };
    // A date that can't be read, or is only said to be there, leaves open whether the address is in force.
    let absent =
        |key: &str| json.get(period, key).is_none() && json.get(period, &format!("_{key}")).is_none();
    let begun = date("start", PartialDate::first_day).map_or_else(|| absent("start"), |start| start <= day);
    begun && date("end", PartialDate::last_day).map_or_else(|| absent("end"), |end| day <= end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = Day { year: 2026, month: 1, day: 15 };

    #[test]
    fn a_zip_code_gives_an_area_of_more_than_20_000_people_or_000() {
        for (text, area) in [
            ("02139", "021"),
            ("02139-0000", "021"),
            (" 021390000 ", "021"),
            ("89101", "891"),
            ("06390", "063"),
            ("99950", "999"),
            ("00601", "006"),
            // Few people: by the census of 2020, and not by that of 2000.
            ("03601", "000"),
            ("36901", "000"),
            ("20500", "000"),
            // No tabulation area: military, mail of one receiver, not assigned.
            ("09012", "000"),
            ("34002", "000"),
            ("96201", "000"),
            ("00501", "000"),
            ("00000", "000"),
        ] {
            assert_eq!(zip3(text), Some(area), "{text}");
        }
        for text in [
            "",
            "021",
            "0213",
            "2139",
            "021394",
            "02139-",
            "02139-12",
            "02139 Example Street",
            "SW1A 1AA",
            "０２１３９",
            "01310-100",
        ] {
            assert_eq!(zip3(text), None, "{text}");
        }
    }

    #[test]
    fn the_areas_are_those_of_the_census() {
        let ranges = LARGE_ZIP3_CENSUS_2020.split_whitespace().map(|range| {
            let (from, to) = range.split_once('-').unwrap();
            (from.parse::<u32>().unwrap(), to.parse::<u32>().unwrap())
        });
        let mut end = 0;
        let mut areas = 0;
        for (from, to) in ranges {
            assert!(from > end + 1 && from <= to, "{from} {to}");
            areas += to - from + 1;
            end = to;
        }
        // 894 areas have a tabulation area, 18 of them no more than 20,000 people.
        assert_eq!(areas, 894 - 18);
    }

    #[test]
    fn a_state_is_a_code_or_nothing() {
        assert_eq!(us_state("MA"), Some("MA"));
        assert_eq!(us_state(" massachusetts"), Some("MA"));
        for text in ["MA, 12 Example Street", "BY", "AE", "ON", "", "M"] {
            assert_eq!(us_state(text), None, "{text}");
        }
    }

    /// Whether a patient with these addresses is covered by a policy for a jurisdiction, and the postal code of the
    /// address that counts.
    fn judge(addresses: &str, jurisdiction: &str) -> (bool, Option<String>) {
        let json = Json::read(format!(r#"{{"resourceType":"Patient","address":{addresses}}}"#)).unwrap();
        let list = json.get(NodeId::ROOT, "address").unwrap();
        let first = items(&json, list).next();
        let counts = first.and_then(|first| counting(&json, first, TODAY));
        let zip =
            counts.and_then(|address| json.get_str(address, "postalCode")).map(std::borrow::Cow::into_owned);
        (outside(&json, NodeId::ROOT, &[jurisdiction.to_owned()], TODAY).is_none(), zip)
    }

    #[test]
    fn an_address_in_force_in_a_listed_state_is_covered() {
        for address in [
            r#"{"state":"MA","postalCode":"02139"}"#,
            r#"{"state":"Massachusetts","postalCode":"02139","country":"US"}"#,
            r#"{"state":"ma","postalCode":"02139","country":"U.S.A."}"#,
            r#"{"state":"MA","postalCode":"02139","country":"United States"}"#,
            r#"{"use":"home","state":"MA","postalCode":"02139","period":{"start":"2020"}}"#,
            r#"{"state":"MA","postalCode":"02139","period":{"start":"2026-01-15","end":"2026-01-15"}}"#,
            r#"{"state":"MA","postalCode":"02139","period":{"end":"2026"}}"#,
        ] {
            for jurisdiction in ["US-MA", "US"] {
                assert_eq!(
                    judge(&format!("[{address}]"), jurisdiction),
                    (true, Some("02139".into())),
                    "{address}"
                );
            }
            assert!(!judge(&format!("[{address}]"), "US-NY").0, "{address}");
        }
        assert_eq!(judge(r#"[{"state":"PR","country":"PR"}]"#, "US-PR"), (true, None));
        assert_eq!(judge(r#"[{"postalCode":"02139","country":"US"}]"#, "US"), (true, Some("02139".into())));
        let none = Json::read(r#"{"resourceType":"Patient"}"#).unwrap();
        assert_eq!(outside(&none, NodeId::ROOT, &["US-MA".to_owned()], TODAY), None);
    }

    #[test]
    fn a_foreign_an_unknown_or_an_ended_address_is_not_covered_and_none_of_it_crosses() {
        for address in [
            r#"{"state":"BY","postalCode":"02139","country":"DE"}"#,
            r#"{"state":"DE","postalCode":"02139","country":"DE"}"#,
            r#"{"state":"MA","postalCode":"02139","country":"BR"}"#,
            r#"{"state":"MA","postalCode":"65010-000"}"#,
            r#"{"state":"BY","postalCode":"02139"}"#,
            r#"{"state":"AE","postalCode":"09012","country":"US"}"#,
            r#"{"state":"","postalCode":"02139","country":"US"}"#,
            r#"{"postalCode":"02139"}"#,
            r#"{"city":"Sampletown"}"#,
            r#"{"text":"1 Example Street"}"#,
            r#"{"state":"MA","postalCode":"02139","country":""}"#,
            r#"{"state":"MA","postalCode":"02139","_country":{"extension":[]}}"#,
            r#"{"state":"MA","postalCode":"02139","country":1}"#,
            r#"{"state":"MA","postalCode":"02139","use":"old"}"#,
            r#"{"state":"MA","postalCode":"02139","use":"billing"}"#,
            r#"{"state":"MA","postalCode":"02139","use":"work"}"#,
            r#"{"state":"MA","postalCode":"02139","use":"Home"}"#,
            r#"{"state":"MA","postalCode":"02139","period":{"end":"2026-01-14"}}"#,
            r#"{"state":"MA","postalCode":"02139","period":{"end":"2025"}}"#,
            r#"{"state":"MA","postalCode":"02139","period":{"end":"2025-12-31T23:59:59Z"}}"#,
            r#"{"state":"MA","postalCode":"02139","period":{"start":"2026-01-16"}}"#,
            r#"{"state":"MA","postalCode":"02139","period":{"end":"soon"}}"#,
            r#"{"state":"MA","postalCode":"02139","period":{"_end":{"extension":[]}}}"#,
            r#"{"state":"MA","postalCode":"02139","_period":{}}"#,
            r#""MA""#,
            "null",
        ] {
            for jurisdiction in ["US-MA", "US"] {
                assert_eq!(
                    judge(&format!("[{address}]"), jurisdiction),
                    (false, None),
                    "{address} {jurisdiction}"
                );
            }
        }
        assert_eq!(judge("[]", "US-MA"), (false, None));
    }

    #[test]
    fn of_several_addresses_those_in_force_count_and_are_one_thing() {
        let ma = r#"{"state":"MA","postalCode":"02139","country":"US"}"#;
        let home = r#"{"use":"home","state":"MA","postalCode":"02445","country":"US"}"#;
        let no_zip = r#"{"state":"MA","country":"US"}"#;
        let ny = r#"{"state":"NY","postalCode":"10001","country":"US"}"#;
        let old_ny = r#"{"use":"old","state":"NY","postalCode":"10001","country":"US"}"#;
        let ended_ma = r#"{"state":"MA","postalCode":"02139","country":"US","period":{"end":"2020-01-01"}}"#;
        let temporary = r#"{"use":"temp","state":"NY","postalCode":"10001","country":"US"}"#;
        let abroad = r#"{"state":"BY","postalCode":"80331","country":"DE"}"#;
        for (addresses, covered, zip) in [
            ([ma, home], true, Some("02445")),
            ([home, ma], true, Some("02445")),
            ([no_zip, ma], true, None),
            ([old_ny, ma], true, Some("02139")),
            ([ended_ma, ny], false, Some("10001")),
            ([ma, ny], false, None),
            ([home, temporary], false, None),
            ([home, abroad], false, None),
            ([abroad, old_ny], false, None),
        ] {
            let list = format!("[{}]", addresses.join(","));
            assert_eq!(judge(&list, "US-MA"), (covered, zip.map(str::to_owned)), "{list}");
        }
    }
}
