/** Imported before a scenario, it runs that one against Agora as many processes. */
process.env.AGORA_TEST_DISTRIBUTED = '1';
