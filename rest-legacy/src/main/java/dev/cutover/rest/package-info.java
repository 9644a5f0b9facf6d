/**
 * Serves REST snapshots of each feature until it is promoted.
 *
 * <pre>
 *   events.FEATURE ──► ViewProcessor ──► store of KeyViews ──► Snapshots ──► FeatureEndpoint ──► RestHttp ──► socket
 *                       one stream        in memory, one        read by       stage, parameters,  Javalin:
 *                       thread for        byte[] for each       any thread    body, ETag          routes, CORS
 *                       each feature      key                                 (pure)
 *                        │ DeadLetters
 *                        └ Coverage: how far each partition's store is
 *
 *   Materialiser: one run of Kafka Streams, which fills once      FillRange: where it begins, and when it is full
 *   Materialisers (thread rest-supervisor): starts, replaces, stops them ◄── FlagReader (thread flag-reader), topic ids
 * </pre>
 *
 * Threads: a feature's stream thread alone writes its stores and its coverage. The supervisor's thread alone starts and stops
 * materialisers. The HTTP server's threads ({@code rest-http-N}) read: the phase, the coverage, the stores, and the phase
 * again, so that no answer is made of a store that went meanwhile. Nothing that answers waits for Kafka, so what is filled is
 * served also while Kafka is away.
 */
package dev.cutover.rest;
