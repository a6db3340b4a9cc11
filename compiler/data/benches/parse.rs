//! How fast texts become trees, in bytes a second, beside `serde_json::Value` on the same texts.

use divan::Bencher;
use divan::counter::BytesCount;
use ordain_data::{Format, parse};

fn main() {
    divan::main();
}

/// A plan of `count` resources in the shape that Terraform shows, without any space.
fn plan(count: usize) -> String {
    let resources: Vec<String> = (0..count).map(resource).collect();
    format!(
        r#"{{"format_version":"1.2","terraform_version":"1.11.0","variables":{{"region":{{"value":"eu-west-1"}}}},"resource_changes":[{}]}}"#,
        resources.join(",")
    )
}

fn resource(index: usize) -> String {
    format!(
        r#"{{"address":"module.shop[{index}].aws_s3_bucket.site","module_address":"module.shop[{index}]","mode":"managed","type":"aws_s3_bucket","name":"site","index":{index},"provider_name":"registry.terraform.io/hashicorp/aws","change":{{"actions":["create"],"before":null,"after":{{"acl":"private","bucket":"shop-{index}","force_destroy":false,"price":{index}.25,"tags":{{"Name":"Shop \"{index}\"","owner":"payments","größe":"groß"}},"policy":"{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::shop-{index}/*\"}}]}}","cors_rule":[],"timeouts":null}},"after_unknown":{{"arn":true,"id":true,"region":true}},"before_sensitive":false,"after_sensitive":{{"tags":{{}}}}}}}}"#
    )
}

/// The same with line breaks and indentation.
fn pretty(count: usize) -> String {
    let value: serde_json::Value = serde_json::from_str(&plan(count)).expect("the plan is JSON");
    serde_json::to_string_pretty(&value).expect("a value can be written")
}

const SIZES: [usize; 3] = [10, 1_000, 50_000];

#[divan::bench(args = SIZES)]
fn json_compact(bencher: Bencher, count: usize) {
    let text = plan(count);
    bencher.counter(BytesCount::of_str(&text)).bench(|| parse(Format::Json, &text));
}

#[divan::bench(args = SIZES)]
fn json_compact_serde(bencher: Bencher, count: usize) {
    let text = plan(count);
    bencher.counter(BytesCount::of_str(&text)).bench(|| serde_json::from_str::<serde_json::Value>(&text));
}

#[divan::bench(args = SIZES)]
fn json_pretty(bencher: Bencher, count: usize) {
    let text = pretty(count);
    bencher.counter(BytesCount::of_str(&text)).bench(|| parse(Format::Json, &text));
}

#[divan::bench(args = SIZES)]
fn json_pretty_serde(bencher: Bencher, count: usize) {
    let text = pretty(count);
    bencher.counter(BytesCount::of_str(&text)).bench(|| serde_json::from_str::<serde_json::Value>(&text));
}

/// YAML contains JSON: the same text through the other reader.
#[divan::bench(args = [10, 1_000])]
fn yaml(bencher: Bencher, count: usize) {
    let text = pretty(count);
    bencher.counter(BytesCount::of_str(&text)).bench(|| parse(Format::Yaml, &text));
}

#[divan::bench(args = [10, 1_000])]
fn toml(bencher: Bencher, count: usize) {
    let tables =
        (0..count).map(|index| format!("[[service]]\nname = \"shop-{index}\"\nreplicas = {index}\nprice = 1.25\n"));
    let text: String = tables.collect();
    bencher.counter(BytesCount::of_str(&text)).bench(|| parse(Format::Toml, &text));
}

#[divan::bench(args = [10, 100_000])]
fn csv(bencher: Bencher, count: usize) {
    let rows = (0..count).map(|index| format!("shop-{index},{index},\"a \"\"quoted\"\" cell\",eu-west-1\n"));
    let text: String = std::iter::once("name,replicas,note,region\n".to_owned()).chain(rows).collect();
    bencher.counter(BytesCount::of_str(&text)).bench(|| parse(Format::Csv, &text));
}

#[divan::bench(args = [10, 10_000])]
fn hcl(bencher: Bencher, count: usize) {
    let blocks = (0..count).map(|index| {
        format!(
            "resource \"aws_s3_bucket\" \"site{index}\" {{\n  bucket = \"shop-${{var.name}}-{index}\"\n  count  = var.enabled ? 1 : 0\n  \
             tags   = {{ owner = \"payments\" }}\n  lifecycle {{ prevent_destroy = true }}\n}}\n"
        )
    });
    let text: String = blocks.collect();
    bencher.counter(BytesCount::of_str(&text)).bench(|| parse(Format::Hcl, &text));
}

#[divan::bench(args = [10, 100_000])]
fn xml(bencher: Bencher, count: usize) {
    let elements = (0..count).map(|index| {
        format!("<component type=\"library\"><name>lib{index}</name><version>1.2.{index}</version></component>\n")
    });
    let text = format!("<bom>{}</bom>", elements.collect::<String>());
    bencher.counter(BytesCount::of_str(&text)).bench(|| parse(Format::Xml, &text));
}
