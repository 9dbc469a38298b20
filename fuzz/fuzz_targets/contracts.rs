#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ssm_exec_properties::contracts(data));
