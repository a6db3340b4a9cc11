//! What became of gates, in the format of JUnit.

use ordain_compiler::GateFinding;
use ordain_diagnostics::Severity;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Ran, State};

/// A suite for each gate, a case for each of its policies. What is denied is a failure, with the policy's severity as its
/// type; warnings stand in the output of a case.
pub(super) fn report(ran: &[Ran]) -> Report {
    let mut report = Report::new("ordain gate");
    for gate in ran {
        let mut suite = TestSuite::new(&gate.name);
        if let State::Skipped(why) = &gate.state {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            suite.add_test_case(TestCase::new(&gate.name, status));
        }
        for fault in &gate.run.faults {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(&fault.message).set_type(fault.code.to_string());
            suite.add_test_case(TestCase::new(fault.code.to_string(), status));
        }
        for policy in &gate.run.checked {
            let said = |severity: Severity| -> Vec<&GateFinding> {
                let of = |finding: &&GateFinding| finding.policy == *policy && finding.exempt.is_none();
                let found = gate.run.findings.iter().filter(of);
                found.filter(|finding| finding.diagnostic.severity == severity).collect()
            };
            let status = match said(Severity::Error).as_slice() {
                [] => TestCaseStatus::success(),
                errors => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_type(errors[0].severity.name());
                    status.set_message(&errors[0].diagnostic.message).set_description(lines(errors, ""));
                    status
                }
            };
            let mut case = TestCase::new(policy.to_string(), status);
            let warnings = said(Severity::Warning);
            if !warnings.is_empty() {
                case.set_system_out(lines(&warnings, "warning: "));
            }
            case.set_classname(&gate.name);
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report
}

/// What findings say, one on each line.
fn lines(found: &[&GateFinding], before: &str) -> String {
    let lines: Vec<String> = found.iter().map(|finding| format!("{before}{}", finding.diagnostic.message)).collect();
    lines.join("\n")
}
