/** Serves REST snapshots of each feature until it is promoted. */
package dev.cutover.rest;
