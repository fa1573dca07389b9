// Required before the agent by tests of what arrives at the end: on a busy machine the second that the agent holds a leaving process for may be over
// before its worker thread has run at all. What is answered in time is not held any longer.
process.env['TRACING_EXIT_MILLIS'] ??= '15000';
