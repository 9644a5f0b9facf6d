/** The one writer of flags, and the operators' commands. */
package dev.cutover.control;
