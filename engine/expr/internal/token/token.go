// Package token cuts the text of an expression into words, so that a place that a
// language reports as one character becomes the range of a whole part, and so that
// the end of a `${{ }}` is found without being misled by strings and braces.
//
// It knows what CEL and expr have in common (names, numbers, quoted strings,
// brackets) and judges nothing: any text has tokens. Floor 2, inside engine/expr.
package token

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says what a token is.
type Kind uint8

// The kinds of token.
const (
	Name Kind = iota
	Number
	Text // a quoted string with its quotes
	Open // ( [ {
	Close
	Sign // an operator or anything else
)

// Token is one word of an expression, as byte offsets.
type Token struct {
	Kind       Kind
	Start, End int
	Mate       int // of a bracket: the index of its other half, or -1
}

// List is a text and its tokens in order.
type List struct {
	Text   string
	Tokens []Token
	Depth  int // how deep brackets are nested
	runes  []int
}

// signs are the operators of more than one character, longest first.
var signs = [...]string{"**", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", ".."}

// Scan cuts all of text.
func Scan(text string) *List {
	list := &List{Text: text}
	var open []int
	for at := 0; ; {
		tok, ok := next(text, at)
		if !ok {
			break
		}
		tok.Mate = -1
		switch {
		case tok.Kind == Open:
			open = append(open, len(list.Tokens))
			list.Depth = max(list.Depth, len(open))
		case tok.Kind == Close && len(open) > 0:
			tok.Mate = open[len(open)-1]
			list.Tokens[tok.Mate].Mate = len(list.Tokens)
			open = open[:len(open)-1]
		}
		list.Tokens = append(list.Tokens, tok)
		at = tok.End
	}
	if utf8.RuneCountInString(text) != len(text) {
		for i := range text {
			list.runes = append(list.runes, i)
		}
	}
	return list
}

// Count returns how many tokens a text has, and how many of them open a bracket.
func Count(text string) (tokens, brackets int) {
	for at := 0; ; tokens++ {
		tok, ok := next(text, at)
		if !ok {
			return tokens, brackets
		}
		if tok.Kind == Open {
			brackets++
		}
		at = tok.End
	}
}

// EndOfPart returns where in text the "}}" begins that closes an expression which
// starts at from: the first one outside of strings and of braces of the expression.
func EndOfPart(text string, from int) (int, bool) {
	depth := 0
	for at := from; ; {
		tok, ok := next(text, at)
		if !ok {
			return 0, false
		}
		switch text[tok.Start] {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				if strings.HasPrefix(text[tok.Start:], "}}") {
					return tok.Start, true
				}
				break
			}
			depth--
		}
		at = tok.End
	}
}

// Offset converts an offset in characters, as the languages count, to bytes.
func (l *List) Offset(characters int) int {
	switch {
	case characters <= 0:
		return 0
	case l.runes == nil:
		return min(characters, len(l.Text))
	case characters >= len(l.runes):
		return len(l.Text)
	default:
		return l.runes[characters]
	}
}

// At returns the index of the token that covers the byte offset, or of the next one
// behind it; -1 behind the last.
func (l *List) At(offset int) int {
	low, high := 0, len(l.Tokens)
	for low < high {
		if mid := (low + high) / 2; l.Tokens[mid].End <= offset {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == len(l.Tokens) {
		return -1
	}
	return low
}

// Balance widens the range of bytes until every bracket in it has its other half.
func (l *List) Balance(start, end int) (int, int) {
	for i := l.At(start); i >= 0 && i < len(l.Tokens) && l.Tokens[i].Start < end; i++ {
		mate := l.Tokens[i].Mate
		if mate < 0 {
			continue
		}
		end = max(end, l.Tokens[mate].End)
		start = min(start, l.Tokens[mate].Start)
	}
	return start, end
}

// Line returns the words within a range of bytes on one line: what is between them, line ends
// and comments, is a blank. Put on one line as it is, what follows a comment would read as a
// part of it.
func (l *List) Line(start, end int) string {
	var b strings.Builder
	for i := max(l.At(start), 0); i < len(l.Tokens) && l.Tokens[i].Start < end; i++ {
		tok := l.Tokens[i]
		if tok.Start < start {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(l.between(l.Tokens[i-1], tok))
		}
		word := l.Text[tok.Start:min(tok.End, end)]
		b.WriteString(strings.ReplaceAll(word, "\n", `\n`)) // in a string of many lines
	}
	return b.String()
}

// between is what stands between two words on one line: inside of brackets nothing where
// they were only broken there.
func (l *List) between(left, right Token) string {
	gap := l.Text[left.End:right.Start]
	broken := strings.Contains(gap, "\n") && (left.Kind == Open || right.Kind == Close)
	if gap == "" || broken {
		return ""
	}
	return " "
}

func next(text string, at int) (Token, bool) {
	at = skipSpace(text, at)
	if at >= len(text) {
		return Token{}, false
	}
	rest := text[at:]
	c := rest[0]
	switch {
	case c == '"' || c == '\'' || c == '`':
		return Token{Kind: Text, Start: at, End: at + quoted(rest, false)}, true
	case isLetter(c):
		end := at + 1
		for end < len(text) && (isLetter(text[end]) || isDigit(text[end])) {
			end++
		}
		if end < len(text) && (text[end] == '"' || text[end] == '\'') && isPrefix(text[at:end]) {
			raw := strings.ContainsAny(text[at:end], "rR")
			return Token{Kind: Text, Start: at, End: end + quoted(text[end:], raw)}, true
		}
		return Token{Kind: Name, Start: at, End: end}, true
	case isDigit(c):
		return Token{Kind: Number, Start: at, End: at + number(rest)}, true
	case strings.IndexByte("([{", c) >= 0:
		return Token{Kind: Open, Start: at, End: at + 1}, true
	case strings.IndexByte(")]}", c) >= 0:
		return Token{Kind: Close, Start: at, End: at + 1}, true
	}
	for _, sign := range signs {
		if strings.HasPrefix(rest, sign) {
			return Token{Kind: Sign, Start: at, End: at + len(sign)}, true
		}
	}
	_, size := utf8.DecodeRuneInString(rest)
	return Token{Kind: Sign, Start: at, End: at + size}, true
}

func skipSpace(text string, at int) int {
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case unicode.IsSpace(r):
			at += size
		case strings.HasPrefix(text[at:], "//"):
			end := strings.IndexByte(text[at:], '\n')
			if end < 0 {
				return len(text)
			}
			at += end
		default:
			return at
		}
	}
	return at
}

// quoted returns how long the string is with which text begins; one that is never
// closed goes to the end of its line.
func quoted(text string, raw bool) int {
	quote := text[:1]
	if triple := strings.Repeat(quote, 3); quote != "`" && strings.HasPrefix(text, triple) {
		quote = triple
	}
	for i := len(quote); i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], quote):
			return i + len(quote)
		case text[i] == '\\' && !raw && quote != "`":
			i++
		case text[i] == '\n' && len(quote) == 1 && quote != "`":
			return i
		}
	}
	return len(text)
}

func number(text string) int {
	end := 1
	for end < len(text) {
		c := text[end]
		sign := (c == '+' || c == '-') && (text[end-1] == 'e' || text[end-1] == 'E') && !strings.HasPrefix(text, "0x")
		point := c == '.' && end+1 < len(text) && isDigit(text[end+1])
		if !isDigit(c) && !isLetter(c) && !sign && !point {
			break
		}
		end++
	}
	return end
}

// isPrefix reports whether a name before a quote is CEL's mark of raw or bytes.
func isPrefix(name string) bool {
	return len(name) <= 2 && strings.Trim(name, "rRbB") == ""
}

func isLetter(c byte) bool {
	return c == '_' || c == '$' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
