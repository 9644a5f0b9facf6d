/**
 * The jobs that produce the dashboard's events, and the sources that they read. A {@link dev.cutover.jobs.Feed} is what one choice
 * of {@code --source} brings with it: bars and what follows from them, or a service that is there already.
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
 * <p>Where jobs can't be touched, their REST service is polled in place of all that stands on bars:
 *
 * <pre>
 *   PollPlan ──► PollJob, one a feature ──GET──► PollClient ──HTTP──► the service
 *                 │      ▲                            │
 *                 │      └──── Answer, by a queue ────┘
 *                 ├──► PolledBody: the events of an answer, as they were written
 *                 ├──► PollState: which of them are due ──► EventPublisher ──► events.&lt;feature&gt;
 *                 └──► PollFaults: counted, logged, told to health
 * </pre>
 *
 * <p>{@link dev.cutover.jobs.JobScheduler} runs each job by its {@link dev.cutover.jobs.JobPlan}, at the cadence of the feature
 * catalog.
 *
 * <p>Threads: {@code job-<name>}, one for each job, which owns the job's state; {@code job-intraday} also owns the source and
 * the closed bars under way, {@code job-poll-<feature>} what its polls have shown. The HTTP client's threads bring the answers of a
 * polled service, which cross by the job's queue. The producer's own thread brings Kafka's answers, which cross by futures and counters. Where the
 * jobs run by themselves, {@code jobs-http} answers for health and metrics and {@code flag-reader} follows the flags. Everything
 * else is immutable.
 */
package dev.cutover.jobs;
