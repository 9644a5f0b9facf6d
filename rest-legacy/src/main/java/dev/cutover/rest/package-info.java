/**
 * Serves REST snapshots of each feature until it is promoted, and writes down what it has served.
 *
 * <pre>
 *   events.FEATURE ──► ViewProcessor ──► store of KeyViews ──► Snapshots ──► FeatureEndpoint ──► RestHttp ──► socket
 *                       one stream        in memory, one        read by       stage, parameters,  Javalin:      │ Served
 *                       thread for        byte[] for each       any thread    body, ETag          routes, CORS  ▼
 *                       each feature      key                                 (pure)                      ServedRecorder
 *                        │ DeadLetters                                                                 its own thread and producer
 *                        └ Coverage: how far each partition's store is                                 │            │ Usage
 *                                                                                                      ▼            ▼
 *   or, with an existing service behind:                                                  rest.served.FEATURE   rest.usage
 *
 *   existing service ◄──► Upstream (threads rest-upstream-N) ◄──► UpstreamEndpoint ──► RestHttp
 *                          bounded: time, number, length            stage; UpstreamQuery, EndToEnd (pure)
 *
 *   Materialiser: one run of Kafka Streams, which fills once      FillRange: where it begins, and when it is full
 *   Materialisers (thread rest-supervisor): starts, replaces, stops them ◄── FlagReader (thread flag-reader), topic ids
 *   ServedRecorder: ServedBodies (pure) ──► RecordedBefore, RecordRate ──► a record for each key
 * </pre>
 *
 * Threads: a feature's stream thread alone writes its stores and its coverage. The supervisor's thread alone starts and stops
 * materialisers. The HTTP server's threads ({@code rest-http-N}) read: the phase, the coverage, the stores, and the phase
 * again, so that no answer is made of a store that went meanwhile. Nothing that answers waits for Kafka, so what is filled is
 * served also while Kafka is away: evidence waits in a bounded queue for {@code rest-recorder}, or is dropped and counted. A
 * request for an existing service is carried there, and its answer written to the client, by a {@code rest-upstream-N}.
 */
package dev.cutover.rest;
