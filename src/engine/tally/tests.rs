use super::*;

fn name(n: u128) -> Pseudonym {
    Pseudonym::parse(&format!("{n:032x}")).unwrap()
}

fn share(group: u128, patient: u128) -> Share {
    Share { group: name(group), patient: name(patient) }
}

/// Counts a record as a plan would have it.
fn count(tally: &mut Tally, record: Pseudonym, share: Share) {
    tally.remove(record);
    tally.count(record, share, "p");
}

fn size(tally: &Tally, group: u128) -> (u64, u64) {
    let Size { records, patients } = tally.after(Step { group: name(group), out: None, into: None });
    (records, patients)
}

/// The state of a tally, without whose name speaks for whom.
fn state(tally: &Tally) -> Vec<(Pseudonym, (u64, u64), u64)> {
    let group = |(name, group): (&Pseudonym, &Group)| {
        (*name, (group.records, group.patients.len() as u64), tally.people.count(group.stirred.iter()))
    };
    tally.groups.iter().map(group).collect()
}

#[test]
fn what_is_foretold_is_what_comes() {
    // Each step: source record, group, patient.
    let steps = [(1, 1, 1), (2, 1, 1), (3, 1, 2), (1, 1, 1), (1, 2, 1), (3, 1, 1), (2, 2, 9), (2, 2, 9)];
    let mut tally = Tally::default();
    for (record, group, patient) in steps {
        let (record, to) = (name(record), share(group, patient));
        let contribution = Contribution { record, patient: to.patient };
        let (change, steps) = tally.steps(contribution, to.group);
        let foretold: Vec<_> = steps.iter().map(|step| (step.group, tally.after(*step))).collect();
        let before = state(&tally);
        count(&mut tally, record, to);
        match change {
            Change::Known => assert_eq!(state(&tally).len(), before.len()),
            _ => assert!(!foretold.is_empty()),
        }
        for (group, foretold) in foretold {
            assert_eq!(tally.after(Step { group, out: None, into: None }), foretold);
        }
    }
    assert_eq!(tally.shares.len(), 3, "each source record once");
    assert_eq!(tally.groups.values().map(|group| group.records).sum::<u64>(), 3);
}

#[test]
fn two_who_are_one_count_once_in_whatever_order_it_is_learned() {
    // Four patients by eight names, of whom in the end two are one; and what is counted of them in between.
    enum Event {
        Same(u128, u128),
        Counted(u128, u128),
    }
    use Event::{Counted, Same};
    let events = [
        Same(11, 12),
        Counted(1, 11),
        Counted(2, 12),
        Same(21, 22),
        Counted(3, 21),
        Counted(4, 31),
        Same(31, 41),
        Counted(5, 41),
        Same(12, 22),
    ];
    // Every rotation, forwards and backwards, is enough to have each pair in both orders.
    for start in 0..events.len() {
        for backwards in [false, true] {
            let mut order: Vec<usize> = (0..events.len()).map(|n| (start + n) % events.len()).collect();
            if backwards {
                order.reverse();
            }
            let mut tally = Tally::default();
            for place in &order {
                match &events[*place] {
                    Same(one, other) => tally.join(&[name(*one), name(*other)]),
                    Counted(record, patient) => count(&mut tally, name(*record), share(7, *patient)),
                }
            }
            assert_eq!(size(&tally, 7), (5, 2), "{order:?}");
            tally.counting.insert("p".to_owned(), counting());
            assert_eq!(tally.asked(&[name(22)]).len(), 1);
            tally.withdraw(&[name(22)], "another");
            assert_eq!(size(&tally, 7), (5, 2));
            tally.withdraw(&[name(22)], "p");
            assert_eq!(size(&tally, 7), (2, 1), "{order:?}");
            assert_eq!(tally.asked(&[name(11), name(12)]), []);
        }
    }
}

fn counting() -> Counting {
    let [policy, purpose, recipient] = ["p", "HOPERAT", "Organization/CRM-DEMO"].map(str::to_owned);
    Counting { asked: Asked { policy, purpose, recipient }, least: 2, due: BTreeSet::new() }
}

#[test]
fn names_are_found_in_few_steps_however_they_were_joined() {
    let mut tally = Tally::default();
    for n in 0..4096 {
        count(&mut tally, name(n), share(7, n));
    }
    // Neighbours, then neighbours of neighbours, and so on: the deepest that joining can make.
    let mut width = 1;
    while width < 4096 {
        for n in (0..4096).step_by(2 * width) {
            tally.join(&[name(n as u128), name((n + width) as u128)]);
        }
        width *= 2;
    }
    let steps = |n: u128| {
        let mut at = name(n);
        let next = |at: Pseudonym| tally.people.same().find(|(own, _)| *own == at).map(|(_, next)| next);
        std::iter::from_fn(|| {
            at = next(at)?;
            Some(())
        })
        .count()
    };
    assert!([0, 1, 2, 4095, 2047, 1365].into_iter().all(|n| steps(n) <= 12));
    assert_eq!(size(&tally, 7), (4096, 1));
}

#[test]
fn what_is_kept_comes_back() {
    let mut tally = Tally::default();
    tally.counting.insert("p".to_owned(), counting());
    for (record, group, patient) in [(1, 7, 8), (2, 7, 9), (3, 6, 9), (4, 7, 10), (5, 7, 11)] {
        count(&mut tally, name(record), share(group, patient));
    }
    tally.join(&[name(9), name(90)]);
    tally.withdraw(&[name(10)], "p");
    tally.withdraw(&[name(11)], "p");
    assert_eq!(tally.counting["p"].due, BTreeSet::from([name(7)]));
    let rows: Vec<_> = tally.rows().collect();
    let text = serde_json::to_string(&Kept::of(&tally)).unwrap();
    let kept: Kept = serde_json::from_str(&text).unwrap();
    let mut back = Tally::restore(&kept, &rows).unwrap();
    assert_eq!(back.rows().collect::<Vec<_>>(), rows);
    assert_eq!(serde_json::to_string(&Kept::of(&back)).unwrap(), text);
    assert_eq!(back.counting["p"].due, BTreeSet::from([name(7)]));
    back.withdraw(&[name(90)], "p");
    assert_eq!((size(&back, 7), size(&back, 6)), ((1, 1), (0, 0)));
    // What was kept before groups knew their policy counts on.
    assert_eq!(size(&Tally::restore(&Kept::default(), &rows).unwrap(), 7), (2, 2));
    let broken = ["".to_owned(), "x".to_owned(), "7".to_owned()];
    assert!(Tally::restore(&Kept::default(), &[broken]).is_none());
}
