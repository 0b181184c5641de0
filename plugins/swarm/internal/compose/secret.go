package compose

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// telltales are what in a name says that the value is not for everybody, and words are telltales
// only where they stand alone in it: "PIN" is one in "CARD_PIN", and not in "PING".
var (
	telltales = []string{
		"pass", "pwd", "secret", "token", "cred", "key", "auth", "private", "dsn", "cookie", "salt", "signature",
		"bearer", "webhook", "license", "licence", "connectionstring", "connstr",
	}
	lonely = []string{"pw", "sig", "pin", "otp", "totp", "jwt", "sas", "pem", "cert", "conn", "connection"}
)

// smells says whether a name has a telltale in it.
func smells(name string) bool {
	lower := strings.ToLower(name)
	if slices.ContainsFunc(telltales, func(telltale string) bool { return strings.Contains(lower, telltale) }) {
		return true
	}
	return slices.ContainsFunc(parts(name), func(part string) bool { return slices.Contains(lonely, part) || strings.HasSuffix(part, "pw") })
}

// parts are the words of a name: those of "dbPin2" and "DB_PIN" are "db" and "pin".
func parts(name string) []string {
	var apart strings.Builder
	last := rune(0)
	for _, letter := range name {
		if unicode.IsUpper(letter) && unicode.IsLower(last) {
			apart.WriteByte(' ')
		}
		if last = letter; !unicode.IsLetter(letter) {
			letter = ' '
		}
		apart.WriteRune(unicode.ToLower(letter))
	}
	return strings.Fields(apart.String())
}

// secret says whether what is called so is not to be shown. A variable that says in which file the
// secret is may be.
func secret(name, value string) bool {
	ofFile := strings.HasSuffix(strings.ToLower(name), "_file") && strings.HasPrefix(value, "/")
	return smells(name) && !ofFile
}

// within masks what is to be masked of a text: rather too much of it than too little, as nobody knows
// how who reads the text takes it apart.
func within(text string) string {
	r := read(text)
	spans := slices.Concat(logins(text), privateKeys(text), r.values(), r.pairs())
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var shown strings.Builder
	at := 0
	for i, one := range spans {
		one.to = min(one.to, len(text))
		if one.from >= at && (one.from > at || i == 0) { // else it goes on with the one before
			shown.WriteString(text[at:one.from] + masked)
		}
		at = max(at, one.to)
	}
	shown.WriteString(text[at:])
	return shown.String()
}

// span is a part of a text that is not to be shown.
type span struct{ from, to int }

const (
	blanks = " \t\r\n\v\f"
	quotes = `"'`
)

func blank(text string, at int) bool {
	return at >= len(text) || strings.IndexByte(blanks, text[at]) >= 0
}

// skip is where the first byte is that is none of some.
func skip(text string, at int, some string) int {
	for at < len(text) && strings.IndexByte(some, text[at]) >= 0 {
		at++
	}
	return at
}

// logins finds the passwords of "scheme://user:password@host" and "user:password@tcp(host)", and what
// stands alone before a host: "https://token@host". Up to the last @, since a password may have one.
func logins(text string) (found []span) {
	for from := 0; from < len(text); from++ {
		to := from
		for !blank(text, to) {
			to++
		}
		if one, is := login(text[from:to]); is {
			found = append(found, span{from + one.from, from + one.to})
		}
		from = to
	}
	return found
}

// login is [logins] for one word.
func login(word string) (span, bool) {
	to := strings.LastIndexByte(word, '@')
	for to >= 0 && strings.HasPrefix(word[to+1:], "sha256:") { // the digest of an image
		to = strings.LastIndexByte(word[:to], '@')
	}
	if to < 0 {
		return span{}, false
	}
	scheme, rest, is := strings.Cut(word[:to], "://")
	if !is {
		for at := 1; at < to; at++ {
			if word[at] == ':' && inName(word[at-1]) {
				return span{at + 1, to}, true
			}
		}
		return span{}, false
	}
	from := to - len(rest)
	scheme = strings.ToLower(scheme)
	colon := strings.IndexByte(rest, ':')
	if before, again := login(scheme); again { // of two, the first without a scheme
		return span{before.from, to}, true
	}
	if colon < 0 || strings.HasSuffix(scheme, "http") || strings.HasSuffix(scheme, "https") { // whose user may be a token
		return span{from, to}, true
	}
	return span{from + colon + 1, to}, true
}

// privateKeys finds keys in PEM.
func privateKeys(text string) []span {
	if from := strings.Index(text, "-----BEGIN"); from >= 0 && strings.Contains(text[from:], "PRIVATE KEY") {
		return []span{{from, len(text)}}
	}
	return nil
}

// inName says whether a byte may be one of a name.
func inName(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("_.-", b) >= 0 || b >= 0x80
}

// values finds what stands behind names that smell: "--password=…", "pwd: …", {"token": "…"}; behind the flags
// of programs that are known to take a password there; and in "user:password", where a program reads that.
func (r reading) values() (found []span) {
	text, known, reads := r.text, flags{}, readsLogins(r.text)
	for at := 0; at < len(text); at++ {
		from := at
		for at < len(text) && inName(text[at]) {
			at++
		}
		if at == from {
			continue
		}
		known.of(text[from:at])
		one := r.behind(from, at)
		if known[text[from:at]] || reads && one.to <= one.from && at < len(text) && text[at] == ':' {
			one = r.valueOf(from, at)
		}
		if end := r.endOfWord(from); one.to <= one.from && known.glued(text[from:end]) {
			one = span{from + len("-p"), end}
		}
		if one.to > one.from {
			found = append(found, one)
			at = one.to - 1
		}
	}
	return found
}

// behind is what is not to be shown behind the name that stands in a text from one place to another;
// empty: all may be shown.
func (r reading) behind(from, to int) span {
	text, name := r.text, r.text[from:to]
	if short, is := strings.CutPrefix(name, "-p"); is && !blank(text, from+2) {
		isFlag := short != "" && 'a' <= short[0] && short[0] <= 'z' && to < len(text) && text[to] == '='
		if !isFlag { // else it is one of a program that has flags with one dash
			return span{from + 2, r.endOfWord(from + 2)}
		}
	}
	if name[0] == '-' {
		if end := r.endOfWord(from); gluedLogin(text[from:end]) > 0 {
			return span{from + gluedLogin(text[from:end]), end}
		}
	}
	if between := loginBehind[name]; between != "" {
		at := skip(text, to, blanks+"="+quotes)
		end := r.endOfWord(at)
		if password := loginAt(text[at:end], between); password > 0 {
			return span{at + password, end}
		}
	}
	if strings.EqualFold(name, "by") && identifies(text[:from]) {
		return r.wordBehind(to)
	}
	if !smells(name) {
		return span{}
	}
	return r.valueOf(from, to)
}

// valueOf is the value of the name that stands in a text from one place to another; empty: it has none
// there.
func (r reading) valueOf(from, to int) span {
	text, name := r.text, r.text[from:to]
	if from > 0 && text[from-1] == '<' && to < len(text) && text[to] == '>' { // XML
		return span{to + 1, orEnd(text, to+1, strings.Index(text[to+1:], "</"))}
	}
	closed := skip(text, to, closers)
	in := around{name: name, before: text[:from], quoted: strings.ContainsAny(text[to:closed], quotes)}
	isFlag := name[0] == '-'
	at, is := assigned(text, to)
	in.line = is && !isFlag
	if !is {
		at = skip(text, closed, " \t")
		listed := at < len(text) && text[at] == ',' && (in.quoted || isFlag && closed > to)
		switch {
		case to < len(text) && text[to] == '(': // setPassword("…")
			at, end := to+1, r.at(to+1).bracket
			if at < len(text) && text[at] == '\\' { // in a string within a string
				end = max(end, r.endOfValue(at, in))
			}
			return span{at, end}
		case listed: // ["--password", "…"], define('PASSWORD', '…')
			at = skip(text, at+1, blanks)
			if end := r.endOfValue(at, in); end < len(text) && text[end] == ':' && !isFlag { // the next name
				return span{}
			}
		case at > closed && (isFlag || saysNext(name)): // "--password …"
			at, in.line = behindUser(text, at)
		default:
			return span{}
		}
	}
	at = skip(text, at, blanks)
	return span{at, r.endOfValue(at, in)}
}

// closers are what may stand between a name and what assigns to it.
const closers = `\])}%` + quotes

// adding are what may stand before an equals sign that assigns, as in "NAME+=value".
const adding = "+?!|~^"

// assigned is where the value begins that is assigned to a name that ends somewhere, by a colon or an
// equals sign or both.
func assigned(text string, to int) (at int, is bool) {
	at = skip(text, skip(text, skip(text, to, closers), " \t"), adding)
	if at >= len(text) || strings.IndexByte(":=", text[at]) < 0 {
		return at, false
	}
	at++
	if pair := text[at-1 : min(at+1, len(text))]; pair == "=>" || pair == ":=" {
		at++
	}
	return skip(text, at, blanks), true
}

func orEnd(text string, from, offset int) int {
	if offset < 0 {
		return len(text)
	}
	return from + offset
}

// around is what stands around a value: its name, what is before that, whether the name was in
// quotes, as in JSON, and whether the value may have blanks in it without being in quotes itself.
type around struct {
	name, before string
	quoted, line bool
}

// endOfValue is where the value ends that begins somewhere.
func (r reading) endOfValue(at int, in around) int {
	text := r.text
	if quote := len(in.before) - 1; !in.quoted && quote >= 0 && strings.IndexByte(quotes, in.before[quote]) >= 0 { // "password=…"
		return closing(text, at, in.before[quote], quote-len(strings.TrimRight(in.before[:quote], `\`)))
	}
	opens := skip(text, at, `\`)
	switch {
	case at >= len(text):
		return at
	case opens < len(text) && strings.IndexByte(quotes, text[opens]) >= 0:
		end := closing(text, opens+1, text[opens], opens-at)
		after := end + opens - at + 1
		if in.quoted || blank(text, after) {
			return min(after, len(text))
		}
		return r.endOfWord(after)
	case strings.IndexByte("{[|>", text[at]) >= 0: // of many lines, maybe
		return len(text)
	case in.quoted: // a number
		return orEnd(text, at, strings.IndexAny(text[at:], blanks+",}]"))
	case strings.Contains(strings.ToLower(in.name), "authorization"):
		return orEnd(text, at, strings.IndexByte(text[at:], '\n'))
	}
	end := r.endOfWord(at)
	if in.line {
		pairs := strings.HasSuffix(strings.TrimRight(text[:at], blanks), "=")
		if end = r.endOfLine(end, pairs); !pairs {
			end = endOfBlock(text, len(in.before), end)
		}
		return end
	}
	if slices.Contains([]string{"basic", "bearer", "digest", "token"}, strings.ToLower(text[at:end])) {
		return r.endOfWord(skip(text, end, blanks))
	}
	return end
}

// closing is where the closing quote begins, with the backslashes that it has as the opening one had
// them: in a string within a string, quotes have one or three.
func closing(text string, at int, quote byte, backslashes int) int {
	for before := 0; at < len(text); at++ {
		switch {
		case text[at] == '\\':
			before++
			continue
		case text[at] == quote && before%(2*(backslashes+1)) == backslashes:
			return at - backslashes
		}
		before = 0
	}
	return len(text)
}

// endOfLine is where the line ends, or where the next of several pairs begins: "Password=…;User=…".
func (r reading) endOfLine(at int, pairs bool) int {
	text := r.text
	for ; at < len(text) && text[at] != '\n'; at++ {
		switch text[at] {
		case '\\':
			if at+1 < len(text) && text[at+1] == '\n' { // it goes on
				at++
			}
		case '"', '\'':
			at = closing(text, at+1, text[at], 0)
		case ';', ',', '&':
			from := skip(text, at+1, blanks)
			to := from
			for to < len(text) && inName(text[to]) {
				to++
			}
			if pairs && to > from && to < len(text) && text[to] == '=' {
				return at
			}
		}
	}
	return min(at, len(text))
}

// endOfBlock is where the lines end that go on with a value of YAML: those that are further to the right than
// the name that stands at from.
func endOfBlock(text string, from, at int) int {
	start := strings.LastIndexByte(text[:from], '\n') + 1
	column := skip(text, start, " -") - start
	for line := at; line < len(text); {
		end := orEnd(text, line+1, strings.IndexByte(text[line+1:], '\n'))
		if strings.TrimSpace(text[line:end]) != "" {
			if skip(text, line+1, " \t")-line-1 <= column {
				return at
			}
			at = end
		}
		line = end
	}
	return at
}
