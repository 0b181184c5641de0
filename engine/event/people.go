package event

import (
	"encoding/json"
	"time"
)

// Proof is the signature of an answer with what was signed, by which whoever reads the journal
// can tell again that the answer counts.
type Proof struct {
	Key       string `json:"key" doc:"The fingerprint of the key that signed; empty where the signature is none."`
	Document  string `json:"document" doc:"SHA-256 of what was signed: a document is taken once."`
	Signature string `json:"signature" doc:"As ssh-keygen -Y sign writes it."`
	// Statement holds no secret: an answer with one is refused.
	Statement json.RawMessage `json:"statement,omitempty" doc:"What was signed, of which gatebook writes the document anew; in answered."`
	Judged    time.Time       `json:"judged,omitzero" doc:"The time at which it was found to count; in answered."`
}

// Spends is what the proof tells apart: a document and the key that has signed it. That
// somebody else has signed the same, which is refused, takes nothing from who may. It is
// empty where nobody has.
func (p *Proof) Spends() string {
	if p == nil || p.Key == "" {
		return ""
	}
	return p.Document + " " + p.Key
}

// Policy is the policy that a run goes by, as its plan keeps it: the bytes, of which nothing
// is read again.
type Policy struct {
	File    PolicyFile  `json:"file" doc:"The policy."`
	Signers *PolicyFile `json:"signers,omitempty" doc:"Its file of allowed signers; absent: answers are not signed."`
}

// PolicyFile is a file that a policy is made of.
type PolicyFile struct {
	Name   string `json:"name" doc:"Without its folder."`
	SHA256 string `json:"sha256"`
	Text   string `json:"text"`
}
