// Package sarif holds what gatebook writes for code scanning against the official schema of
// SARIF 2.1.0. It has tests alone.
package sarif
