use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[test]
fn a_freed_slot_is_reused_and_its_old_name_is_not() {
    let mut slab = Slab::with_limit(10);
    let first = slab.insert("first").unwrap();
    assert_eq!(slab.remove(first), Some("first"));
    let second = slab.insert("second").unwrap();
    assert_eq!(second.slot, first.slot);
    assert_eq!(slab.get(first), None);
    assert_eq!(slab.remove(first), None);
    assert_eq!(slab.get(second), Some(&"second"));
}

#[test]
fn the_limit_hands_the_value_back() {
    let mut slab = Slab::with_limit(2);
    slab.insert(1).unwrap();
    let second = slab.insert(2).unwrap();
    assert_eq!(slab.insert(3), Err(3));
    slab.remove(second);
    assert!(slab.insert(4).is_ok());
}

#[test]
fn a_million_slots_cost_nothing_until_they_are_used() {
    let mut slab = Slab::with_limit(1_000_000);
    assert_eq!(slab.allocated(), 0);
    for value in 0..10 {
        slab.insert(value).unwrap();
    }
    assert_eq!(slab.allocated(), CHUNK as usize);
}

#[test]
fn memory_is_given_back_after_a_peak_and_names_stay_unique() {
    let mut slab = Slab::with_limit(10_000);
    let peak: Vec<Index> = (0..10_000).map(|n| slab.insert(n).unwrap()).collect();
    for &index in &peak {
        slab.remove(index);
    }
    assert_eq!(slab.allocated(), CHUNK as usize);
    let again: Vec<Index> = (0..10_000).map(|n| slab.insert(n).unwrap()).collect();
    assert!(peak.iter().all(|&index| slab.get(index).is_none()));
    assert!(again.iter().all(|&index| slab.get(index).is_some()));
}

#[test]
fn one_value_coming_and_going_does_not_allocate_anew() {
    let mut slab = Slab::with_limit(10);
    for value in 0..1000 {
        let index = slab.insert(value).unwrap();
        assert_eq!(slab.remove(index), Some(value));
        assert_eq!(slab.allocated(), CHUNK as usize);
    }
}

proptest! {
    /// Any sequence of insertions and removals keeps exactly what a map would keep, and no name is given twice.
    #[test]
    fn a_slab_is_a_map_whose_names_are_never_reused(
        operations in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 1..2000),
    ) {
        let mut slab = Slab::with_limit(700);
        let mut model = BTreeMap::new();
        let mut gone = Vec::new();
        for (value, (insert, pick)) in operations.into_iter().enumerate() {
            if insert || model.is_empty() {
                match slab.insert(value) {
                    Ok(index) => prop_assert_eq!(model.insert(index, value), None),
                    Err(_) => prop_assert_eq!(model.len(), 700),
                }
            } else {
                let &index = pick.get(&model.keys().collect::<Vec<_>>()).to_owned();
                prop_assert_eq!(slab.remove(index), model.remove(&index));
                gone.push(index);
            }
        }
        prop_assert_eq!(slab.len(), model.len());
        prop_assert!(slab.iter().map(|(index, &value)| (index, value)).eq(model));
        prop_assert!(gone.into_iter().all(|index| slab.get(index).is_none()));
    }
}
