/**
 * Pushes the events of Kafka to subscribers, by WebSocket or as server-sent events. Gateway builds all of it, runs it, and closes it
 * in reverse; GatewayMain is the way in from a command line.
 *
 * <pre>
 *   TopicTail ────────► TailBatch ────────► Hub ─────────────────► Sender ────────────────► Wire ──► socket
 *    thread gateway-tail   of Frames,        one per event loop:      one per connection:      WebSocketWire
 *    polls Kafka from a    each encoded      FeatureShard holds       Outbound: bounded,       or SseWire
 *    Beginning on,         once, shared      LatestValues,            conflates (latest)
 *    BatchEncoder:         by all loops      LiveSubscriptions,       or closes (every)
 *    FrameEncoder,                           Backlog                    ▲
 *    DeadLetters,                              in a BacklogBudget       │ in Turns, with all that the loop has to do
 *    TailVitals                                                         │
 *                                            SubscriberSession: the life of a connection, its Sender and its
 *                                              Requests ──► Subscriptions: LiveSubscription, or CatchUp, which reads
 *                                                             the Backlog, and the EventLog before that
 *                                                      ──► Replays: each Replay reads the EventLog
 *
 *   EventLog, which is LogReaders (threads gateway-log-N): finds and reads pieces of Kafka's log for whoever asks; a LogReading
 *     (event loop) puts the pieces of one reader together: by time over the partitions, in ascending offset within each
 *   TopicWatch (thread gateway-topics) looks at Kafka, and Upstream says what has changed ──► TopicTail: a topic was made anew;
 *     ──► Hub: Kafka is away, or back
 *   Renewals (thread gateway-renewal) finds the Beginning of such a topic, or of one that does not hold what is next ──► TopicTail
 *   FlagReader (thread flag-reader) ──► Hub: stage_changed
 *
 *   HttpFront (event loops): health, metrics, status; a request that is turned away, by a Refusal; the way up
 *     to a WebSocket: MessageGate, which lets through what MessageRate allows ──► WebSocketHandler ──► SubscriberSession
 *     to server-sent events: SseRequest ──► SseHandler ──► SubscriberSession
 *   Admission (any thread): asked by HttpFront which sockets, requests and streams may come in
 *   ClientMessage is what a client says, ServerMessages what it is told besides events, CloseReason why its connection ends
 * </pre>
 *
 * Threads: the tail's thread owns its consumer, its encoders and their keys, and what Renewals know. Each log reader's thread owns a
 * consumer of its own; the search of a renewal makes one for each attempt. Each event loop owns its hub, that hub's shards with their
 * backlogs, and all sessions of its connections with all that they read; nothing of them is locked. Admission alone counts for all
 * loops, under a lock, and the places of replays are a semaphore.
 *
 * <p>A batch crosses from the tail to each loop as one task, a bounded number of them at a time, so that a loop that falls behind
 * slows the reading of Kafka and not the heap. Answers of the log readers, flags, and news of Kafka cross as tasks as well. Every
 * loop keeps its own latest values and recent frames (references to shared frames): a snapshot or a backlog and the live events
 * after it then come from one thread, and there is no hand-over between them that could lose or double an event. What is read of
 * the past takes turns, behind the batches that wait, and only as far as its client reads.
 *
 * <p>The end: Gateway has Admission let nobody in any more, and has each hub close its sessions one after the other, by a
 * DrainSchedule.
 */
package dev.cutover.gateway;
