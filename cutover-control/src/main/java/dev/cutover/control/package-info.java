/**
 * The one writer of flags, what gathers the evidence for them and acts on it, and the operators' commands.
 *
 * <pre>
 *   operator ──► StatusCommand, PromoteCommand, … ──ControlClient──┐
 *   console, curl ─────────────────────────────────────────────────┤ HTTP
 *                                                                  ▼
 *   ControlHttp (control-http-N) ─┬► ControlApi ──► Turnstile ──► FlagWriter ──► config.features
 *     origin, content type, size  │    RequestBody    one change     ▲             config.features.audit
 *                                 │                   at a time      │ StageMove, ClearHold, SetGuard decide
 *                                 │                                  └── Checklist of the EvidenceBook: the gate
 *                                 │  ControlApi ──► SignOffs ──► evidence.signoffs
 *                                 └► EvidenceApi
 *                                      ├─ flag, evidence, checklist, sessions, usage ◄── FlagReader, EvidenceBook, Guard
 *                                      ├─ history  ◄── AuditLog   ◄── config.features.audit
 *                                      └─ verdicts ◄── VerdictLog ◄── parity.verdicts
 *
 *   events.F ──────┐  ParityStreams (control-parity): ParityTopology, a part for each feature, on a stream thread
 *                  ├─► ParityProcessor ─┬─ Judge (Comparison, KeyHistory, Noise) ─────► parity.verdicts
 *   rest.served.F ─┘    ParityStore     └─ SessionLedger (SessionClock): SessionTally ► parity.sessions
 *
 *   parity.verdicts ──┐
 *   parity.sessions ──┤
 *   evidence.* ───────┼─► EvidenceReader ──► EvidenceBook ──┬─ Evidence ───► Checklist (WatchLines, VitalsLines)
 *   rest.usage ───────┤   (control-evidence)  FeaturePages  │
 *   ops.vitals ───────┘                       WatchLog      └─ GuardInput ─► GuardDecision ─► Guard ──► FlagWriter: back to
 *                                             VitalsLog                                  (control-guard)  shadow, and held
 *
 *   FirstStart: WS_FEATURE_* of the environment ──► FlagWriter, once
 *   Lease (control-lease): of all instances, one is active
 *
 *   CompareCommand ─► LiveComparison (RestSampler ──► REST), RecordedComparison ─► PartitionJudging ─► Judge ─► ParityReport
 *     reads events.*, rest.served.*   WindowReader ─► WindowComparison ─► WindowReport      Findings: FindingsText, FindingsPage
 *
 *   Prober, while the lease is held; a ProbeRun is one such time:
 *   gateways ──WebSocket──► GatewayProbe ► StreamWatch ─┐
 *                           each gateway   and feature  ├► FeatureWatch, with its FreshnessWatch
 *   REST ◄──► RestAsker ◄──► RestProbe ► AnswerForm ────┘     │ an Observation each second
 *                            each feature                     ├─► EvidenceWriter ──► evidence.observations
 *   pages ──► PageReports ────────────────────────────────────┘        ▲
 *                                              SessionLosses ──────────┴──► parity.sessions
 * </pre>
 *
 * Threads: {@code control-http-N} bring requests and may block, a bounded number of them, in a change or in reading from Kafka.
 * {@code flag-reader} follows the flags and {@code control-lease} holds the lease; both own a Kafka consumer, and what others
 * see of them is volatile and immutable. {@code control-evidence} owns a consumer as well and writes into the book, whose monitor
 * anybody may take for a moment. {@code control-guard} looks into it every second, and blocks in a rollback. {@code
 * control-prober} owns all that the prober sees; its HTTP client's {@code control-probe-http-N} put what arrives into its queue,
 * as ProbeArrivals. {@code control-parity} begins and ends the runs of Kafka Streams, whose own thread owns all that compares. A
 * start writes the environment's flags on its own thread. An operator's command is one thread that waits for answers; {@code tail}
 * also has those of its WebSocket client.
 */
package dev.cutover.control;
