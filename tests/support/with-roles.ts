/** Imported first: every agent of this test file has a role of its own. */
process.env.AGORA_TEST_ROLES = '1';
