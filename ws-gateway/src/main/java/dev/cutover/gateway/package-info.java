/**
 * Pushes the events of Kafka to WebSocket subscribers.
 *
 * <pre>
 *   TopicTail ────────► TailBatch ────────► Hub ──────────────► SubscriberSession ──► socket
 *    thread gateway-tail   of Frames,        one per event loop:   Outbound: bounded,
 *    polls Kafka,          each encoded      FeatureShard holds    conflates (latest)
 *    FrameEncoder,         once, shared      latest values,        or closes (every)
 *    DeadLetters           by all loops      series, subscribers,  Subscriptions: live, or CatchUp,
 *                                            Backlog ────────────► which reads from the backlog
 *
 *   TopicWatch (thread gateway-topics) ──► TopicTail: a topic was made anew, which Renewals (thread gateway-renewal) finds the
 *                                          beginning of; ──► Hub: Kafka is away, or back
 *   FlagReader (thread flag-reader) ──► Hub: stage_changed
 *   HttpFront (event loops): health, metrics, status, the WebSocket's handshake ──► WebSocketHandler ──► SubscriberSession
 *   Admission (any thread): asked by HttpFront who may come in; MessageGate (event loops): how much of it is let through
 * </pre>
 *
 * Threads: the tail's thread owns the consumer and the table of keys. Each event loop owns its hub, that hub's shards and all
 * sessions of its connections; nothing of them is locked. A batch crosses from the tail to each loop as one task, a bounded
 * number of them at a time, so that a loop that falls behind slows the reading of Kafka and not the heap. Every loop keeps its
 * own latest values and recent frames (references to shared frames): a snapshot or a backlog and the live events after it then
 * come from one thread, and there is no hand-over between them that could lose or double an event.
 */
package dev.cutover.gateway;
