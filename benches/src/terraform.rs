//! Plans of Terraform, as large as asked for.

use std::fmt::Write as _;

use crate::Random;

/// A kind of resource: its type and provider, its attributes as they should be, and as they should not.
///
/// In texts, `@` stands for the number of the resource.
struct Sort {
    kind: &'static str,
    provider: &'static str,
    sound: &'static str,
    unsound: &'static str,
}

const SORTS: &[Sort] = &[
    Sort {
        kind: "aws_s3_bucket",
        provider: "aws",
        sound: r#""acl":"private","bucket":"logs-@","force_destroy":false,"logging":[{"target_bucket":"audit","target_prefix":"@/"}],"server_side_encryption_configuration":[{"rule":[{"apply_server_side_encryption_by_default":[{"kms_master_key_id":null,"sse_algorithm":"aws:kms"}]}]}],"versioning":[{"enabled":true,"mfa_delete":false}]"#,
        unsound: r#""acl":"public-read","bucket":"logs-@","force_destroy":true,"logging":[],"server_side_encryption_configuration":[],"versioning":[{"enabled":false,"mfa_delete":false}]"#,
    },
    Sort {
        kind: "aws_instance",
        provider: "aws",
        sound: r#""ami":"ami-0fa3@","associate_public_ip_address":false,"ebs_block_device":[{"device_name":"/dev/sdb","encrypted":true,"volume_size":200}],"ebs_optimized":true,"iam_instance_profile":"web","instance_type":"m5.large","metadata_options":[{"http_endpoint":"enabled","http_put_response_hop_limit":1,"http_tokens":"required"}],"monitoring":true,"root_block_device":[{"delete_on_termination":true,"encrypted":true,"volume_size":50,"volume_type":"gp3"}],"user_data":null"#,
        unsound: r#""ami":"ami-0fa3@","associate_public_ip_address":true,"ebs_block_device":[{"device_name":"/dev/sdb","encrypted":false,"volume_size":200}],"ebs_optimized":false,"iam_instance_profile":"web","instance_type":"m5.large","metadata_options":[{"http_endpoint":"enabled","http_put_response_hop_limit":1,"http_tokens":"optional"}],"monitoring":false,"root_block_device":[{"delete_on_termination":true,"encrypted":false,"volume_size":50,"volume_type":"gp3"}],"user_data":null"#,
    },
    Sort {
        kind: "aws_security_group_rule",
        provider: "aws",
        sound: r#""cidr_blocks":["10.0.0.0/16","10.1.0.0/16"],"description":"from the balancer to @","from_port":8443,"ipv6_cidr_blocks":[],"prefix_list_ids":[],"protocol":"tcp","security_group_id":"sg-0a@","self":false,"to_port":8443,"type":"ingress""#,
        unsound: r#""cidr_blocks":["0.0.0.0/0"],"description":"to @","from_port":22,"ipv6_cidr_blocks":[],"prefix_list_ids":[],"protocol":"tcp","security_group_id":"sg-0a@","self":false,"to_port":22,"type":"ingress""#,
    },
    Sort {
        kind: "aws_iam_role_policy",
        provider: "aws",
        sound: r#""name":"read-@","policy":"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": [\"s3:GetObject\", \"s3:ListBucket\"],\n      \"Resource\": \"arn:aws:s3:::logs-@/*\"\n    }\n  ]\n}\n","role":"role-@""#,
        unsound: r#""name":"all-@","policy":"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}\n","role":"role-@""#,
    },
    Sort {
        kind: "aws_db_instance",
        provider: "aws",
        sound: r#""allocated_storage":100,"auto_minor_version_upgrade":true,"backup_retention_period":14,"db_name":"orders","deletion_protection":true,"engine":"postgres","engine_version":"16.3","identifier":"orders-@","instance_class":"db.r6g.large","iam_database_authentication_enabled":true,"multi_az":true,"performance_insights_enabled":true,"publicly_accessible":false,"skip_final_snapshot":false,"storage_encrypted":true"#,
        unsound: r#""allocated_storage":100,"auto_minor_version_upgrade":false,"backup_retention_period":0,"db_name":"orders","deletion_protection":false,"engine":"postgres","engine_version":"16.3","identifier":"orders-@","instance_class":"db.r6g.large","iam_database_authentication_enabled":false,"multi_az":false,"performance_insights_enabled":false,"publicly_accessible":true,"skip_final_snapshot":true,"storage_encrypted":false"#,
    },
    Sort {
        kind: "aws_route53_record",
        provider: "aws",
        sound: r#""alias":[],"allow_overwrite":null,"failover_routing_policy":[],"geolocation_routing_policy":[],"health_check_id":null,"latency_routing_policy":[],"name":"host-@.example.com","records":["10.0.1.17"],"set_identifier":null,"ttl":300,"type":"A","weighted_routing_policy":[],"zone_id":"Z0@""#,
        unsound: r#""alias":[],"allow_overwrite":true,"failover_routing_policy":[],"geolocation_routing_policy":[],"health_check_id":null,"latency_routing_policy":[],"name":"host-@.example.com","records":["10.0.1.17"],"set_identifier":null,"ttl":5,"type":"A","weighted_routing_policy":[],"zone_id":"Z0@""#,
    },
    Sort {
        kind: "aws_cloudwatch_log_group",
        provider: "aws",
        sound: r#""kms_key_id":"arn:aws:kms:eu-west-1:123456789012:key/@","log_group_class":"STANDARD","name":"/service/@","name_prefix":null,"retention_in_days":90,"skip_destroy":false"#,
        unsound: r#""kms_key_id":null,"log_group_class":"STANDARD","name":"/service/@","name_prefix":null,"retention_in_days":0,"skip_destroy":false"#,
    },
    Sort {
        kind: "aws_ebs_volume",
        provider: "aws",
        sound: r#""availability_zone":"eu-west-1a","encrypted":true,"final_snapshot":true,"iops":3000,"kms_key_id":"arn:aws:kms:eu-west-1:123456789012:key/@","multi_attach_enabled":false,"outpost_arn":null,"size":500,"snapshot_id":null,"throughput":125,"type":"gp3""#,
        unsound: r#""availability_zone":"eu-west-1a","encrypted":false,"final_snapshot":false,"iops":3000,"kms_key_id":null,"multi_attach_enabled":true,"outpost_arn":null,"size":500,"snapshot_id":null,"throughput":125,"type":"gp2""#,
    },
    Sort {
        kind: "aws_lb_listener",
        provider: "aws",
        sound: r#""alpn_policy":null,"certificate_arn":"arn:aws:acm:eu-west-1:123456789012:certificate/@","default_action":[{"authenticate_cognito":[],"fixed_response":[],"forward":[],"order":1,"redirect":[],"type":"forward"}],"load_balancer_arn":"arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/@","port":443,"protocol":"HTTPS","ssl_policy":"ELBSecurityPolicy-TLS13-1-2-2021-06""#,
        unsound: r#""alpn_policy":null,"certificate_arn":null,"default_action":[{"authenticate_cognito":[],"fixed_response":[],"forward":[],"order":1,"redirect":[],"type":"forward"}],"load_balancer_arn":"arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/@","port":80,"protocol":"HTTP","ssl_policy":"ELBSecurityPolicy-2016-08""#,
    },
    Sort {
        kind: "aws_subnet",
        provider: "aws",
        sound: r#""assign_ipv6_address_on_creation":false,"availability_zone":"eu-west-1b","cidr_block":"10.0.@.0/24","customer_owned_ipv4_pool":null,"enable_dns64":false,"ipv6_cidr_block":null,"ipv6_native":false,"map_public_ip_on_launch":false,"outpost_arn":null,"private_dns_hostname_type_on_launch":"ip-name","vpc_id":"vpc-0@""#,
        unsound: r#""assign_ipv6_address_on_creation":true,"availability_zone":"eu-west-1b","cidr_block":"10.0.@.0/24","customer_owned_ipv4_pool":null,"enable_dns64":false,"ipv6_cidr_block":null,"ipv6_native":false,"map_public_ip_on_launch":true,"outpost_arn":null,"private_dns_hostname_type_on_launch":"ip-name","vpc_id":"vpc-0@""#,
    },
    Sort {
        kind: "azurerm_storage_account",
        provider: "azurerm",
        sound: r#""access_tier":"Hot","account_kind":"StorageV2","account_replication_type":"GRS","account_tier":"Standard","allow_nested_items_to_be_public":false,"cross_tenant_replication_enabled":false,"https_traffic_only_enabled":true,"infrastructure_encryption_enabled":true,"location":"westeurope","min_tls_version":"TLS1_2","name":"store@","resource_group_name":"rg-@","shared_access_key_enabled":false"#,
        unsound: r#""access_tier":"Hot","account_kind":"StorageV2","account_replication_type":"LRS","account_tier":"Standard","allow_nested_items_to_be_public":true,"cross_tenant_replication_enabled":true,"https_traffic_only_enabled":false,"infrastructure_encryption_enabled":false,"location":"westeurope","min_tls_version":"TLS1_0","name":"store@","resource_group_name":"rg-@","shared_access_key_enabled":true"#,
    },
    Sort {
        kind: "google_compute_firewall",
        provider: "google",
        sound: r#""allow":[{"ports":["8443"],"protocol":"tcp"}],"deny":[],"destination_ranges":["10.2.0.0/16"],"direction":"INGRESS","disabled":false,"log_config":[{"metadata":"INCLUDE_ALL_METADATA"}],"name":"allow-@","network":"projects/p/global/networks/main","priority":1000,"project":"p","source_ranges":["10.0.0.0/8"],"source_tags":[],"target_tags":["web"]"#,
        unsound: r#""allow":[{"ports":["22","3389"],"protocol":"tcp"}],"deny":[],"destination_ranges":["10.2.0.0/16"],"direction":"INGRESS","disabled":false,"log_config":[],"name":"allow-@","network":"projects/p/global/networks/main","priority":1000,"project":"p","source_ranges":["0.0.0.0/0"],"source_tags":[],"target_tags":["web"]"#,
    },
    Sort {
        kind: "google_project_iam_member",
        provider: "google",
        sound: r#""condition":[{"description":"only @","expression":"resource.name.startsWith('projects/p/@')","title":"one"}],"etag":"BwX@","member":"serviceAccount:svc-@@p.iam.gserviceaccount.com","project":"p","role":"roles/logging.logWriter""#,
        unsound: r#""condition":[],"etag":"BwX@","member":"user:someone-@@example.com","project":"p","role":"roles/owner""#,
    },
    Sort {
        kind: "kubernetes_config_map",
        provider: "kubernetes",
        sound: r#""binary_data":null,"data":{"application.yaml":"server:\n  port: 8080\n  shutdown: graceful\nlogging:\n  level: info\n","feature.flags":"a=true,b=false,c=@"},"immutable":true,"metadata":[{"annotations":{"owner":"team-@"},"generate_name":null,"labels":{"app":"web"},"name":"config-@","namespace":"web"}]"#,
        unsound: r#""binary_data":null,"data":{"application.yaml":"server:\n  port: 8080\n","feature.flags":"a=true,b=false,c=@"},"immutable":false,"metadata":[{"annotations":{},"generate_name":null,"labels":{},"name":"config-@","namespace":"default"}]"#,
    },
];

/// How many instances of a resource the sources make, on average.
const INSTANCES: usize = 20;

/// What `terraform show -json` might print: at least so many bytes, about a kilobyte for each change of a resource. One
/// resource in `unsound` is not as it should be.
pub fn terraform_plan(bytes: usize, unsound: usize) -> String {
    let mut random = Random::new(7);
    let mut plan = String::with_capacity(bytes + 4096);
    plan.push_str(
        r#"{"format_version":"1.2","terraform_version":"1.11.4","variables":{"environment":{"value":"staging"},"region":{"value":"eu-west-1"}},"resource_changes":["#,
    );
    let mut sources = String::new();
    let (mut number, mut source) = (0, 0);
    while number == 0 || plan.len() + sources.len() < bytes {
        let sort = random.pick(SORTS);
        for instance in 0..1 + random.below(2 * INSTANCES - 1) {
            change(&mut plan, sort, source, instance, number, unsound > 0 && random.below(unsound) == 0, &mut random);
            number += 1;
        }
        let _ = write!(
            sources,
            r#"{}{{"address":"{kind}.r{source}","mode":"managed","type":"{kind}","name":"r{source}","provider_config_key":"{}","expressions":{{"tags":{{"references":["local.tags"]}}}},"schema_version":1,"count_expression":{{"references":["var.count"]}}}}"#,
            if source > 0 { "," } else { "" },
            sort.provider,
            kind = sort.kind,
        );
        source += 1;
    }
    let _ = write!(
        plan,
        r#"],"configuration":{{"provider_config":{{"aws":{{"name":"aws","full_name":"registry.terraform.io/hashicorp/aws"}}}},"root_module":{{"resources":[{sources}]}}}},"timestamp":"2026-11-20T10:00:00Z","applyable":true,"complete":true,"errored":false}}"#,
    );
    plan
}

fn change(
    plan: &mut String,
    sort: &Sort,
    source: usize,
    instance: usize,
    number: usize,
    unsound: bool,
    random: &mut Random,
) {
    let attributes = if unsound { sort.unsound } else { sort.sound };
    let attributes = attributes.replace('@', &number.to_string());
    // Most of a plan is left as it is.
    let actions = *random.pick(&[r#""no-op""#, r#""no-op""#, r#""create""#, r#""update""#, r#""delete","create""#]);
    let tags = format!(
        r#""tags":{{"cost-center":"{:05}","environment":"staging","managed-by":"terraform","owner":"team-{}"}}"#,
        random.below(100_000),
        random.below(40),
    );
    let created = actions == r#""create""#;
    let before = if created { "null".to_owned() } else { format!(r#"{{{attributes},"id":"id-{number}",{tags}}}"#) };
    let _ = write!(
        plan,
        r#"{}{{"address":"{kind}.r{source}[{instance}]","mode":"managed","type":"{kind}","name":"r{source}","index":{instance},"provider_name":"registry.terraform.io/hashicorp/{}","change":{{"actions":[{actions}],"before":{before},"after":{{{attributes},{}{tags}}},"after_unknown":{},"before_sensitive":{},"after_sensitive":{{"tags":{{}}}}}}}}"#,
        if number > 0 { "," } else { "" },
        sort.provider,
        if created { String::new() } else { format!(r#""id":"id-{number}","#) },
        if created { r#"{"arn":true,"id":true,"tags_all":true}"# } else { "{}" },
        if created { "false" } else { r#"{"tags":{}}"# },
        kind = sort.kind,
    );
}

#[cfg(test)]
mod tests {
    use super::terraform_plan;

    #[test]
    fn a_plan_is_as_large_as_asked_for_and_always_the_same() {
        let plan = terraform_plan(100_000, 10);
        assert!((100_000..150_000).contains(&plan.len()), "{}", plan.len());
        assert_eq!(plan, terraform_plan(100_000, 10));
        assert!(terraform_plan(1_000_000, 10).contains("0.0.0.0/0"), "something is unsound");
        assert!(!terraform_plan(1_000_000, 0).contains("0.0.0.0/0"), "nothing is unsound");
    }
}
