package compose

import (
	"path"
	"slices"
	"strings"
)

// Who names a thing beside its value calls the two so: {"name": "DB_PASSWORD", "value": "…"}.
var (
	calledName  = []string{"name", "key", "id", "field", "property", "variable", "option", "k"}
	calledValue = []string{"value", "val", "string", "content", "data", "default", "v"}
)

// pairs finds the values of a text that says somewhere, as a value, a name that smells: any of them, as
// either may come first.
func (r reading) pairs() (found []span) {
	text, smelly := r.text, false
	var names []span
	for at := 0; at < len(text); at++ {
		from := at
		for at < len(text) && inName(text[at]) {
			at++
		}
		switch name := strings.ToLower(text[from:at]); {
		case slices.Contains(calledValue, name):
			names = append(names, span{from, at})
		case slices.Contains(calledName, name):
			named, content := nameSaid(text, from, at)
			if smelly = smelly || named; content.to > content.from {
				found = append(found, content)
				at = content.to - 1
			}
		}
	}
	if !smelly {
		return nil
	}
	end := 0
	for _, name := range names {
		if name.from < end {
			continue // in the value of the one before
		}
		if one := r.valueOf(name.from, name.to); one.to > one.from {
			found = append(found, one)
			end = one.to
		}
	}
	return found
}

// nameSaid says whether what is called a name smells, and where what it names follows at once, as in
// <entry key="password">…</entry>, what that is.
func nameSaid(text string, from, to int) (smelly bool, content span) {
	at, is := assigned(text, to)
	if inTag := from > 0 && text[from-1] == '<' && to < len(text) && text[to] == '>'; inTag {
		at, is = to+1, true
	}
	if !is {
		return false, span{}
	}
	at = skip(text, at, `\`+quotes+blanks)
	end := at
	for end < len(text) && inName(text[end]) {
		end++
	}
	if end == at || !smells(text[at:end]) {
		return false, span{}
	}
	if close := skip(text, end, quotes+blanks); close > end && close < len(text) && text[close] == '>' {
		content = span{close + 1, orEnd(text, close+1, strings.Index(text[close+1:], "</"))}
	}
	return true, content
}

// flagsOf are the flags of well-known programs behind which a password stands, and that would not say
// so by themselves.
var flagsOf = map[string][]string{
	"redis-cli": {"-a"}, "valkey-cli": {"-a"}, "keydb-cli": {"-a"}, "sshpass": {"-p"}, "login": {"-p"},
	"mongosh": {"-p"}, "mongodump": {"-p"}, "mongorestore": {"-p"},
	"mosquitto_pub": {"-P"}, "mosquitto_sub": {"-P"}, //nolint:misspell // so they are called
	"openssl":    {"-k", "-K"},
	"ldapsearch": {"-w"}, "ldapmodify": {"-w"}, "ldapadd": {"-w"}, "ldapwhoami": {"-w"},
}

// flags are those of the programs that were named so far.
type flags map[string]bool

// of takes in those of a program, if it is one that is known.
func (f flags) of(program string) {
	for _, flag := range flagsOf[path.Base(program)] {
		f[flag] = true
	}
}

// glued says whether an argument is one of these flags with a password right behind it.
func (f flags) glued(argument string) bool {
	const flag = len("-p")
	return len(argument) > flag && f[argument[:flag]]
}

// saysNext says whether what follows a word that stands alone is a password: "requirepass …" of a
// configuration, "machine … login … password …", "bearer …", and PASSWORD '…' of SQL.
func saysNext(word string) bool {
	return slices.Contains([]string{"bearer", "password", "passwd", "requirepass", "masterauth", "primaryauth"}, strings.ToLower(word))
}

// identifies says whether a text ends as SQL does before a password: "IDENTIFIED BY", and between the two
// how, "WITH sha256_password".
func identifies(before string) bool {
	words := strings.Fields(before[max(0, len(before)-80):])
	return slices.ContainsFunc(words[max(0, len(words)-3):], func(word string) bool { return strings.EqualFold(word, "identified") })
}

// near is how far apart, in bytes, two words of one statement may be, and how long the name of a user.
const near = 256

// behindUser is where the password is behind "PASSWORD", at which a word stands: of SQL that is not "FOR user =";
// then it goes on to the end of the line.
func behindUser(text string, at int) (password int, line bool) {
	const joins = len("for ")
	if strings.EqualFold(text[at:min(at+joins, len(text))], "for ") {
		if user := strings.IndexByte(text[at:min(at+near, len(text))], '='); user > 0 {
			return at + user + 1, true
		}
	}
	return at, false
}

// readers are programs that read lines of "user:password".
var readers = []string{"chpasswd", "newusers"}

// readsLogins says whether a text has such a program in it.
func readsLogins(text string) bool {
	return slices.ContainsFunc(readers, func(program string) bool { return strings.Contains(text, program) })
}

// wordBehind is the word that follows somewhere, but for one that says itself that a password comes next.
func (r reading) wordBehind(at int) span {
	at = skip(r.text, at, blanks+`\`)
	end := r.endOfWord(at)
	if saysNext(r.text[at:end]) {
		return span{}
	}
	return span{at, end}
}

// loginBehind are the flags that a user and his password follow, by what may stand between these two:
// "curl -u user:password", "smbclient -U user%password".
var loginBehind = map[string]string{"-u": ":", "--proxy-user": ":", "-U": ":%", "--user": ":%"}

// loginAt is where in "user:password" the password is; 0: it is none, as that of a user by his number.
func loginAt(text, between string) int {
	at := strings.IndexAny(text[:min(near, len(text))], between)
	if at < 0 || strings.Trim(text[:at], "0123456789") == "" {
		return 0
	}
	return at + 1
}

// gluedLogin is where in "-uuser:password" the password is; 0: it is none.
func gluedLogin(word string) int {
	const flag = len("-u")
	if len(word) < flag || loginBehind[word[:flag]] == "" {
		return 0
	}
	if at := loginAt(word[flag:], loginBehind[word[:flag]]); at > 1 && !strings.Contains(word[:flag+at], "=") {
		return flag + at
	}
	return 0
}
