/**
 * The jobs that produce the dashboard's events, and the sources that they read.
 *
 * <pre>
 *   Source ──Batch──► IntradayJob ──ClosedBars──┐
 *   simulated, file      │    ▲                 │
 *                        │    └─ jobs.progress ◄┤
 *                        ▼                      │
 *              MarketState, an                  ├──► EventPublisher ──► events.&lt;feature&gt;
 *              immutable snapshot               │     one producer
 *                 │    │                        │
 *                 │    └──► VwapJob ────────────┤
 *                 ▼                             │
 *              Valuations,  AccountBalanceJob ──┤
 *              one a slot ─►PositionsJob ───────┤
 *                                               │
 *   MarketCalendar ──► MarketStatusJob ─────────┤
 *                      HeartbeatJob ────────────┘
 * </pre>
 *
 * {@link dev.cutover.jobs.JobScheduler} runs each job by its {@link dev.cutover.jobs.JobPlan}, at the cadence of the feature
 * catalog.
 *
 * <p>Threads: {@code job-<name>}, one for each job, which owns the job's state; {@code job-intraday} also owns the source and
 * the closed bars under way. The producer's own thread brings Kafka's answers, which cross by futures and counters. Where the
 * jobs run by themselves, {@code jobs-http} answers for health and metrics and {@code flag-reader} follows the flags. Everything
 * else is immutable.
 */
package dev.cutover.jobs;
