package compose

// reading is a text with where the words, strings and brackets of it end: that is found once for all places,
// since each of many names in one word may ask for its end.
type reading struct {
	text string
	ends []ends
}

// ends are those of what goes on at a place, whether anything began before or not.
type ends struct {
	word    int              // the word, as a shell reads it
	bracket int              // the bracket in which the place is
	quoted  [len(strung)]int // the string in which the place is, by its quote
}

// strung are the quotes of strings.
const strung = "\"'`"

// read finds all ends, from the last one to the first, as each follows from those behind it.
func read(text string) reading {
	const behind = 2 // an escape goes beyond the last place
	r := reading{text, make([]ends, len(text)+behind+1)}
	for at := len(r.ends) - 1; at >= 0; at-- {
		end, next := &r.ends[at], at+1
		if at >= len(text) {
			*end = ends{len(text), len(text), [len(strung)]int{len(text), len(text), len(text)}}
			continue
		}
		if text[at] == '\\' {
			next++
		}
		*end = r.ends[next]
		for i, quote := range []byte(strung) {
			if text[at] == quote {
				after := r.ends[next].quoted[i] + 1
				end.word, end.bracket, end.quoted[i] = r.ends[after].word, r.ends[after].bracket, at
			}
		}
		switch {
		case blank(text, at):
			end.word = at
		case text[at] == '(', text[at] == '{':
			end.bracket = r.ends[r.ends[next].bracket+1].bracket
		case text[at] == ')', text[at] == '}':
			end.bracket = at
		case text[at] == '$' && next < len(text) && (text[next] == '(' || text[next] == '{'): // "$(cat a b)"
			end.word = r.ends[r.ends[next+1].bracket+1].word
		}
	}
	return r
}

// at are the ends at a place, also at one behind the text.
func (r reading) at(place int) ends { return r.ends[min(place, len(r.text))] }

// endOfWord is where the word ends that goes on at a place.
func (r reading) endOfWord(place int) int { return r.at(place).word }
