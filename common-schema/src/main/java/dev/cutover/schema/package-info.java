/**
 * What every service shares: the events and their wire form, the catalog of features, the topics, the flags, the settings.
 *
 * <pre>
 *   job ── Event ──► EventCodec ──► bytes of data ──► events.&lt;feature&gt;
 *                                                        │  described by FeatureCatalog, created by TopicProvisioner
 *   FlagWriter ──► config.features + config.features.audit (one transaction)
 *                        │
 *                        ▼
 *   FlagReader (its own thread) ──► an immutable table of Flag ──► every service, by listener or by look-up
 * </pre>
 *
 * Threads: only {@link dev.cutover.schema.FlagReader} has one, named {@code flag-reader}. Everything else is immutable or
 * confined to its caller.
 */
package dev.cutover.schema;
