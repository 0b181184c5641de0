// Package signature makes and checks the signatures by which people answer: those of
// ssh-keygen -Y sign, by the SSH keys that they have, held against a file of allowed
// signers as ssh-keygen and git read it.
//
// It says who has signed some bytes. What the bytes say, and what a person may, is the
// business of engine/people. It opens no file and no connection, and knows no clock: the
// time at which a key must be valid is given. It is the only importer of the SSH
// libraries. Floor 1.
package signature
