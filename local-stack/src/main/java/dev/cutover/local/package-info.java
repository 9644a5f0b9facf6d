/**
 * Everything on one machine, and the command line.
 *
 * <pre>
 *   CutoverMain ─┬─ up ───► Stack: EmbeddedBroker (DataDirectory, BrokerPorts) ► gateways ► REST ► control ► jobs
 *                │                                                                    (closed in reverse)
 *                ├─ run ──► a service's own main class, by itself
 *                ├─ status, promote, … ─► the operators' commands of the control module
 *                └─ drift ─► Drifts: REST answers wrongly on purpose
 * </pre>
 *
 * Threads: the main thread starts and waits; the shutdown hook closes; {@code up-throughput} prints a line now and then;
 * {@code embedded-broker} alone starts and stops Kafka, whose own threads it keeps in one group.
 */
package dev.cutover.local;
