//! "Did you mean": the closest of the names that exist.

use smol_str::SmolStr;

/// The candidate closest to `name`, if one is close enough to be a slip. Ties go to the first in alphabetical order.
pub(crate) fn best<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<SmolStr> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name && !candidate.is_empty())
        .filter_map(|candidate| {
            let distance = if candidate.eq_ignore_ascii_case(name) { 0 } else { strsim::osa_distance(name, candidate) };
            (distance <= limit).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate.into())
}

#[cfg(test)]
mod tests {
    use super::best;

    #[test]
    fn suggests_slips_only() {
        assert_eq!(best("regoin", ["region", "reason", "replicas"]).as_deref(), Some("region"));
        assert_eq!(best("Tier", ["tier"]).as_deref(), Some("tier"));
        assert_eq!(best("xyz", ["region", "ab"]), None);
    }
}
