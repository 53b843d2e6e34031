use super::*;

fn plan() -> TopicPlan {
    let events = [EventTopic {
        name: "town.permit.v1".into(),
        partitions: 6,
        compact: true,
        retention_ms: None,
    }];
    TopicPlan::new("town", Durability::default(), &events)
}

/// A cluster on which everything is as planned.
fn as_planned(plan: &TopicPlan) -> BTreeMap<Arc<str>, TopicFacts> {
    plan.topics
        .iter()
        .map(|wanted| {
            let settings: BTreeMap<String, String> = wanted
                .settings
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect();
            let facts = TopicFacts {
                partitions: wanted.partitions,
                replication: wanted.replication,
                overrides: settings.clone(),
                settings,
            };
            (Arc::clone(&wanted.name), facts)
        })
        .collect()
}

fn differences(topic: &str, change: impl FnOnce(&mut TopicFacts)) -> Vec<(String, Severity)> {
    let plan = plan();
    let mut found = as_planned(&plan);
    change(found.get_mut(topic).unwrap());
    plan.compare(&found).iter().map(|change| (change.to_string(), change.severity())).collect()
}

fn set(topic: &str, key: &str, value: &str) -> Vec<(String, Severity)> {
    differences(topic, |facts| {
        facts.settings.insert(key.to_owned(), value.to_owned());
    })
}

const CHECKPOINTS: &str = "town.acequia.checkpoints";
const QUARANTINE: &str = "town.acequia.quarantine";

#[test]
fn a_cluster_as_planned_needs_no_change() {
    let plan = plan();
    assert_eq!(plan.compare(&as_planned(&plan)), []);
}

#[test]
fn a_missing_topic_stops_the_start_and_is_created() {
    let plan = plan();
    let changes = plan.compare(&BTreeMap::new());
    assert_eq!(changes.len(), 4);
    assert_eq!(refuse_unfit(&changes).unwrap_err().code(), "publish.topic_missing");
    let script = plan.script(&changes, &KafkaConfig::default());
    assert!(script.contains("--create --topic town.acequia.checkpoints --partitions 24 --replication-factor 3 --config cleanup.policy=compact"), "{script}");
    assert!(table(&changes).contains("town.permit.v1"));
}

#[test]
fn a_checkpoint_topic_that_deletes_is_refused() {
    for policy in ["delete", "compact,delete"] {
        let found = set(CHECKPOINTS, "cleanup.policy", policy);
        assert_eq!(found[0].1, Severity::Error, "{policy}");
        assert!(found[0].0.contains(policy));
    }
    let plan = plan();
    let mut found = as_planned(&plan);
    let facts = found.get_mut(CHECKPOINTS).unwrap();
    facts.settings.insert("cleanup.policy".into(), "delete".into());
    let error = refuse_unfit(&plan.compare(&found)).unwrap_err();
    assert_eq!(error.code(), "publish.topic_unfit");
    assert!(error.to_string().contains(CHECKPOINTS));
}

#[test]
fn another_number_of_partitions_is_an_error_only_where_positions_would_be_lost() {
    let system = differences(CHECKPOINTS, |facts| facts.partitions = 12);
    assert_eq!(system[0].1, Severity::Error);
    let events = differences("town.permit.v1", |facts| facts.partitions = 12);
    assert_eq!(events[0].1, Severity::Note);
}

#[test]
fn quarantined_records_are_not_kept_longer_than_thirty_days() {
    assert!(set(QUARANTINE, "retention.ms", "86400000").is_empty(), "shorter is fine");
    for longer in ["2592000001", "-1"] {
        assert_eq!(set(QUARANTINE, "retention.ms", longer)[0].1, Severity::Warning, "{longer}");
    }
}

#[test]
fn events_are_not_kept_longer_than_the_policy_says() {
    let event = |compact, retention_ms| EventTopic {
        name: "town.permit.v1".into(),
        partitions: 6,
        compact,
        retention_ms,
    };
    for (compact, policy) in [(true, "compact,delete"), (false, "delete")] {
        let plan = TopicPlan::new("town", Durability::default(), &[event(compact, Some(1000))]);
        let wanted = plan.topics.last().unwrap();
        assert_eq!(wanted.settings["cleanup.policy"], policy);
        assert_eq!(wanted.settings["retention.ms"], "1000");
        let changes = |key: &str, value: &str| {
            let mut found = as_planned(&plan);
            let facts = found.get_mut("town.permit.v1").unwrap();
            facts.settings.insert(key.into(), value.into());
            plan.compare(&found).len()
        };
        for (kept, expected) in [("1000", 0), ("999", 0), ("1001", 1), ("-1", 1)] {
            assert_eq!(changes("retention.ms", kept), expected, "{kept}");
        }
        assert_eq!(changes("cleanup.policy", "compact"), 1, "kept for good");
    }
    let plan = TopicPlan::new("town", Durability::default(), &[event(true, Some(1000))]);
    let mut found = as_planned(&plan);
    let facts = found.get_mut("town.permit.v1").unwrap();
    facts.settings.insert("cleanup.policy".into(), "delete,compact".into());
    assert!(plan.compare(&found).is_empty(), "the order says nothing");
}

#[test]
fn weaker_is_a_finding_and_stricter_is_not() {
    assert!(set(CHECKPOINTS, "min.insync.replicas", "3").is_empty());
    assert_eq!(set(CHECKPOINTS, "min.insync.replicas", "1")[0].1, Severity::Warning);
    let unclean = set(CHECKPOINTS, "unclean.leader.election.enable", "true");
    assert_eq!(unclean[0].1, Severity::Warning);
    let copies = differences(CHECKPOINTS, |facts| facts.replication = 1);
    assert_eq!(copies[0].1, Severity::Warning);
}

#[test]
fn settings_that_cannot_be_asked_for_are_not_judged() {
    assert!(differences(CHECKPOINTS, |facts| facts.settings.clear()).is_empty());
}

#[test]
fn names_in_scripts_cannot_break_out() {
    assert_eq!(quoted("town.permit.v1"), "town.permit.v1");
    assert_eq!(quoted("a b; rm -rf '/'"), r"'a b; rm -rf '\''/'\'''");
    assert_eq!(quoted(""), "''");
}

#[test]
fn every_right_that_is_needed_is_in_the_script() {
    let script = plan().acl_script("town", "User:acequia", &KafkaConfig::default());
    for right in [
        "--operation Write --operation Describe --transactional-id town. --resource-pattern-type prefixed",
        "--operation IdempotentWrite --cluster",
        "--operation Read --operation Describe --group town. --resource-pattern-type prefixed",
        "--operation DescribeConfigs --operation Read --topic town.acequia.checkpoints",
        "--operation Write --operation Describe --operation DescribeConfigs --topic town.permit.v1\n",
    ] {
        assert!(script.contains(right), "{right}\n{script}");
    }
}
