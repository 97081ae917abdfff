//! The order in which CPython goes through a set of ints: that of its hash table. Of anything else the
//! order is another one in every process.

use super::{IndexSet, Val};

/// How far CPython looks before it jumps.
const LINEAR_PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;

/// Puts a set of ints in CPython's order, as if they had been added one by one.
pub(crate) fn sort(items: IndexSet) -> IndexSet {
    let hashes: Option<Vec<u64>> = items.iter().map(|k| hash(k.val())).collect();
    let Some(hashes) = hashes.filter(|h| h.len() > 1) else { return items };
    let mut table: Vec<Option<usize>> = vec![None; 8];
    let mut used = 0;
    for at in 0..hashes.len() {
        insert(&mut table, &hashes, at);
        used += 1;
        if used * 5 >= (table.len() - 1) * 3 {
            let wanted = if used > 50_000 { used * 2 } else { used * 4 };
            let size = (wanted + 1).next_power_of_two().max(8);
            let old = std::mem::replace(&mut table, vec![None; size]);
            old.into_iter().flatten().for_each(|i| insert(&mut table, &hashes, i));
        }
    }
    table.into_iter().flatten().filter_map(|i| items.get_index(i).cloned()).collect()
}

/// `hash(v)` of an int that is its own hash.
fn hash(v: &Val) -> Option<u64> {
    const MODULUS: i64 = (1 << 61) - 1;
    let i = v.as_int()?;
    let h = i % MODULUS;
    // -1 is how C says that there is none.
    Some(if h == -1 { -2i64 } else { h }.cast_unsigned())
}

fn insert(table: &mut [Option<usize>], hashes: &[u64], item: usize) {
    let mask = table.len() - 1;
    let hash = hashes.get(item).copied().unwrap_or(0);
    let mut perturb = hash;
    let mut i = usize::try_from(hash & mask as u64).unwrap_or(0);
    loop {
        let probes = if i + LINEAR_PROBES <= mask { LINEAR_PROBES } else { 0 };
        for entry in table.iter_mut().skip(i).take(probes + 1) {
            if entry.is_none() {
                *entry = Some(item);
                return;
            }
        }
        perturb >>= PERTURB_SHIFT;
        let next = (i as u64).wrapping_mul(5).wrapping_add(1).wrapping_add(perturb);
        i = usize::try_from(next & mask as u64).unwrap_or(0);
    }
}
