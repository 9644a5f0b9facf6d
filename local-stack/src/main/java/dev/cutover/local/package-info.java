/**
 * Everything on one machine, and the command line.
 *
 * <pre>
 *   CutoverMain ─┬─ up ───► Stack: DataDirectory ► EmbeddedBroker ► topics ► gateways ► jobs   (closed in reverse)
 *                ├─ run ──► a service's own main class, by itself
 *                └─ tail ─► TailCommand: a WebSocket client that prints what a subscriber sees
 * </pre>
 *
 * Threads: the main thread starts and waits; the shutdown hook closes; {@code up-throughput} prints a line now and then.
 */
package dev.cutover.local;
