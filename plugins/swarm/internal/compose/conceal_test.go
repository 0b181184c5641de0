package compose_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/swarm"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
)

// What is masked of a text is the secret, and what stands around it can be read where that is safe.
func TestWhatIsMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"--level=info --name=web":                        "--level=info --name=web",
		"shopping for pins: 7":                           "shopping for pins: 7",
		"PING_INTERVAL=7":                                "PING_INTERVAL=7",
		"demo:v1@sha256:0123abcd":                        "demo:v1@sha256:0123abcd",
		"http://web/health":                              "http://web/health",
		"mail to a@example.com":                          "mail to a@example.com",
		"--password=hunter2 --level=info":                "--password=*** --level=info",
		"--password hunter2 --level=info":                "--password *** --level=info",
		`--password="hunter 2" --level=info`:             "--password=*** --level=info",
		`--password='hunter 2' --level=info`:             "--password=*** --level=info",
		`--password='it'\''s' --level=info`:              "--password=*** --level=info",
		`"--password=hunter 2" --level=info`:             `"--password=***" --level=info`,
		"-Dpassword='hunter2'":                           "-Dpassword=***",
		"mysql -phunter2 shop":                           "mysql -p*** shop",
		"mysql -p'hunter 2' shop":                        "mysql -p*** shop",
		"-path=/srv":                                     "-path=/srv",
		"curl -u admin:hunter2 http://web/":              "curl -u admin:*** http://web/",
		"run -u 1000:1000":                               "run -u 1000:1000",
		`{"db":{"password":"hunter2"},"level":"info"}`:   `{"db":{"password":***},"level":"info"}`,
		`{"pin": 1234, "level": "info"}`:                 `{"pin": ***, "level": "info"}`,
		`{"password":"hunter\"2","level":"info"}`:        `{"password":***,"level":"info"}`,
		`{\"password\":\"hunter\\\"2\",\"level\":1}`:     `{\"password\":***,\"level\":1}`,
		`{"tokens":["hunter2","hunter3"]}`:               `{"tokens":***`,
		`curl -H "Authorization: Token hunter2" web`:     `curl -H "Authorization: ***" web`,
		"Authorization: Bearer hunter2 and\nlevel: info": "Authorization: ***\nlevel: info",
		"bearer hunter2":                                 "bearer ***",
		"token: Basic hunter2":                           "token: ***",
		"password: |\n  hunter2\n  hunter3":              "password: ***",
		"<password>hunter 2</password>":                  "<password>***</password>",
		"${PASSWORD:-hunter2}":                           "${PASSWORD:***",
		"postgres://web:hunter2@db/shop":                 "postgres://web:***@db/shop",
		"postgres://web:hun@ter@db/shop":                 "postgres://web:***@db/shop",
		"postgres://web:hun/ter@db/shop":                 "postgres://web:***@db/shop",
		"https://hunter2@git/shop":                       "https://***@git/shop",
		"https://hunter2:x@git/shop":                     "https://***@git/shop",
		"redis://:hunter2@db":                            "redis://:***@db",
		"root:hunter2@tcp(db:3306)/shop":                 "root:***@tcp(db:3306)/shop",
		"http://web/?token=hunter2&x=1":                  "http://web/?token=***",
		"addr=nas,password=hunter2":                      "addr=nas,password=***",
		"DB_PW=hunter2 dbPin=1234 SALT=abcd":             "DB_PW=***",
		"password: correct horse battery\nlevel: info":   "password: ***\nlevel: info",
		"password: correct, horse battery":               "password: ***",
		"Server=x;Password=a b c;User=y":                 "Server=x;Password=***;User=y",
		"Server=x;Password=a b; c&d, e;User=y":           "Server=x;Password=***;User=y",
		"addr=nas, password=a b, vers=3":                 "addr=nas, password=***, vers=3",
		"password=$(echo a b) and\nlevel=info":           "password=***\nlevel=info",
		"--password=$(cat $(ls a b)) --level=info":       "--password=*** --level=info",
		"--password=`cat a b` --level=info":              "--password=*** --level=info",
		`{"name":"DB_PASSWORD","value":"hunter 2"}`:      `{"name":"DB_PASSWORD","value":***}`,
		`{"value":"hunter 2","name":"DB_PASSWORD"}`:      `{"value":***,"name":"DB_PASSWORD"}`,
		`{\"name\":\"DB_PASSWORD\",\"value\":\"h 2\"}`:   `{\"name\":\"DB_PASSWORD\",\"value\":***}`,
		`{"name":"LEVEL","value":"info"}`:                `{"name":"LEVEL","value":"info"}`,
		"- name: DB_PASSWORD\n  value: hunter 2\n- a: 1": "- name: DB_PASSWORD\n  value: ***\n- a: 1",
		`<add key="Password" value="hunter 2"/>`:         `<add key=*** value=***`,
		`<entry key="password">hunter 2</entry>`:         `<entry key=***</entry>`,
		`<name>db.password</name><value>h 2</value>`:     `<name>db.password</name><value>***</value>`,
		"redis-cli -h db -a hunter2 ping":                "redis-cli -h db -a *** ping",
		`["redis-cli", "-a", "hunter 2", "ping"]`:        `["redis-cli", "-a", ***, "ping"]`,
		"ls -a /srv":                                                       "ls -a /srv",
		"/usr/bin/sshpass -p hunter2 ssh web":                              "/usr/bin/sshpass -p *** ssh web",
		"curl -uadmin:hunter2 http://web/":                                 "curl -uadmin:*** http://web/",
		"run -u1000:1000 -url=http://web/":                                 "run -u1000:1000 -url=http://web/",
		"https://store/a?se=1&sig=hunter2":                                 "https://store/a?se=1&sig=***",
		"port 1\nrequirepass hunter2\ndir /srv":                            "port 1\nrequirepass ***\ndir /srv",
		"machine x login y password hunter2":                               "machine x login y password ***",
		"smbclient //nas/x -U user%hunter2 -c ls":                          "smbclient //nas/x -U user%*** -c ls",
		"smbclient -Uuser%hunter2 //nas/x":                                 "smbclient -Uuser%*** //nas/x",
		"smbclient --user=user%hunter2 //nas/x":                            "smbclient --user=user%*** //nas/x",
		"CREATE USER a IDENTIFIED BY 'hunter 2' WITH x":                    "CREATE USER a IDENTIFIED BY *** WITH x",
		"create user a identified by 'it''s two' with x":                   "create user a identified by *** with x",
		"IDENTIFIED WITH caching_sha2_password BY 'hunter 2' REQUIRE x":    "IDENTIFIED WITH caching_sha2_password BY *** REQUIRE x",
		"sorted by name":                                                   "sorted by name",
		"redis-cli -ahunter2 ping":                                         "redis-cli -a*** ping",
		"ldapsearch -x -whunter2 -b dc=x":                                  "ldapsearch -x -w*** -b dc=x",
		"mosquitto_pub -Phunter2 -t a":                                     "mosquitto_pub -P*** -t a",
		"sshpass -phunter2 ssh web":                                        "sshpass -p*** ssh web",
		"/usr/bin/ldapsearch -w=hunter2 -b dc=x":                           "/usr/bin/ldapsearch -w=*** -b dc=x",
		"ls -alt -world":                                                   "ls -alt -world",
		"smbclient -c ls":                                                  "smbclient -c ls",
		"date -u +%s":                                                      "date -u +%s",
		"a: 1\npassword:\n  hunter 2\n  hunter 3\nlevel: info":             "a: 1\npassword:\n  ***\nlevel: info",
		"a: 1\npassword: hunter 2\n  hunter 3\nlevel: info":                "a: 1\npassword: ***\nlevel: info",
		"a:\n  password: hunter 2\n\n    hunter 3\n  level: info":          "a:\n  password: ***\n  level: info",
		"- password: hunter 2\n    hunter 3\n- level: info":                "- password: ***\n- level: info",
		"- name: DB_PASSWORD\n  value: hunter 2\n    hunter 3\n- level: 1": "- name: DB_PASSWORD\n  value: ***\n- level: 1",
		"define('DB_PASSWORD', 'hunter 2');":                               "define('DB_PASSWORD', ***);",
		"setPassword(\"hunter 2\");":                                       "setPassword(***);",
		"setPassword(user, \"hun)ter\");":                                  "setPassword(***);",
		"SELECT PASSWORD('hunter 2')":                                      "SELECT PASSWORD(***)",
		"getPassword() + 1":                                                "getPassword() + 1",
		"DB_PASSWORD+=hunter2":                                             "DB_PASSWORD+=***",
		"DB_PASSWORD?=hunter2":                                             "DB_PASSWORD?=***",
		"DB_PASSWORD ?= hunter2":                                           "DB_PASSWORD ?= ***",
		"set %PASSWORD%=hunter2":                                           "set %PASSWORD%=***",
		"SET PASSWORD FOR u = 'hunter 2';":                                 "SET PASSWORD FOR u = ***",
		"set password for 'u=v'@'h' = 'hunter2'":                           "set password for 'u=***",
		"echo 'u:hunter 2' | chpasswd":                                     "echo 'u:***' | chpasswd",
		"chpasswd <<< u:hunter2":                                           "chpasswd <<< u:***",
		"openssl enc -k hunter2 -in a":                                     "openssl enc -k *** -in a",
		"openssl req -keyout a":                                            "openssl req -keyout ***",
		"--level=$(echo ')') --password=$(echo ')' a) -x":                  "--level=$(echo ')') --password=*** -x",
		"-----BEGIN PRIVATE KEY-----\nMIIE":                                "***",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			shown := compose.Changed(swarm.ServiceSpec{}, swarm.ServiceSpec{TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Env: []string{"TEXT=" + text}}}})
			if strings.Contains(want, "\n") {
				want = strconv.Quote(want)
			}
			if got := shown[1].Is; shown[1].Path != "environment.TEXT" || got != want {
				t.Errorf("it is shown as\n%s, want\n%s", got, want)
			}
		})
	}
}

func TestNamesThatSmell(t *testing.T) {
	t.Parallel()
	for name, smells := range map[string]bool{
		"DB_PW": true, "DBPW": true, "dbPw": true, "CARD_PIN": true, "SALT": true, "PASSPHRASE": true, "SLACK_WEBHOOK": true, "LICENSE": true, "CONNECTION_STRING": true,
		"ConnectionStrings__Shop": true, "DB_CONNECTION": true, "SENTRY_DSN": true, "PRIVATE": true, "SIGNATURE": true, "BEARER": true, "BASIC_AUTH": true, "API_KEY": true, "apikey": true, "TLS_CERT": true,
		"LEVEL": false, "PING_INTERVAL": false, "SHOPPING": false, "MAX_CONNECTIONS": false, "SPIN_COUNT": false, "UPWARD": false,
	} {
		shown := fmt.Sprint(compose.Changed(swarm.ServiceSpec{}, swarm.ServiceSpec{Annotations: swarm.Annotations{Labels: map[string]string{name: "hunter2"}}}))
		if strings.Contains(shown, "hunter2") == smells {
			t.Errorf("%s: %s", name, shown)
		}
	}
}

// ways are how people put a secret somewhere: what may be in such a secret, and how it looks then.
var ways = []struct {
	letters string
	text    func(name, value string) string
}{
	{bare, func(name, value string) string { return name + "=" + value }},
	{bare, func(name, value string) string { return "--level=1 --" + name + "=" + value + " --x" }},
	{bare, func(name, value string) string { return "--level=1 --" + name + " " + value + " --x" }},
	{bare, func(name, value string) string { return "a: 1\n" + name + ": " + value + "\nb: 2" }},
	{bare, func(name, value string) string { return "http://web/?a=1&" + name + "=" + value }},
	{bare + " ", func(name, value string) string { return name + "='" + value + "' b" }},
	{bare + " ", func(_, value string) string { return "mysql -p'" + value + "' shop" }},
	{all, func(name, value string) string { return name + "=" + strconv.Quote(value) }},
	{all, func(name, value string) string { return "a, " + asJSON(map[string]string{"a": "1", name: value}) }},
	{all, func(name, value string) string { return asJSON(asJSON(map[string]string{"a": "1", name: value})) }},
	{all, func(name, value string) string { return asJSON([]string{"a", name + "=" + value, "b"}) }},
	{bare + quoted, func(_, value string) string { return "x https://" + value + "@web/ y" }},
	{bare + quoted, func(_, value string) string { return "x postgres://web:" + value + "@web/ y" }},
	{bare + quoted, func(_, value string) string { return "root:" + value + "@tcp(web)/shop" }},
	{bare, func(_, value string) string { return `curl -H "Authorization: Bearer ` + value + `" web` }},
	{bare, func(_, value string) string { return "curl -u admin:" + value + " web" }},
	{bare, func(_, value string) string { return "curl -uadmin:" + value + " web" }},
	{bare, func(_, value string) string { return "redis-cli -a " + value + " ping" }},
	{bare, func(_, value string) string { return "redis-cli -a" + value + " ping" }},
	{bare, func(_, value string) string { return "smbclient -U user%" + value + " ping" }},
	{bare, func(_, value string) string { return "smbclient -Uuser%" + value + " ping" }},
	{bare + " ", func(_, value string) string { return "CREATE USER a IDENTIFIED BY '" + value + "' b" }},
	{bare + " ", func(name, value string) string { return "a: 1\n" + name + ": x\n\n  y " + value + "\nb: 2" }},
	{bare + " '`(){}", func(_, value string) string { return "setPassword(" + strconv.Quote(value) + "); b" }},
	{bare + " ()", func(name, value string) string { return "define('" + name + "', '" + value + "'); b" }},
	{bare + " ", func(_, value string) string { return "SET PASSWORD FOR u = '" + value + "'; b" }},
	{bare + " ", func(_, value string) string { return "echo 'u:" + value + "' | chpasswd" }},
	{bare, func(name, value string) string { return name + "+=" + value }},
	{bare, func(name, value string) string { return "%" + name + "%=" + value }},
	{bare, func(_, value string) string { return "openssl enc -k " + value + " -in a" }},
	{bare, func(_, value string) string { return "machine x login y password " + value }},
	{bare + " ", func(name, value string) string { return "a: 1\n" + name + ": " + value + "\nb: 2" }},
	{all, func(name, value string) string { return asJSON([]map[string]string{{"name": name, "value": value}}) }},
	{all, func(name, value string) string { return asJSON(asJSON(map[string]string{"key": name, "value": value})) }},
}

// What a secret is made of: letters that nothing else here has, and all that could end one too early.
const (
	bare   = `qzQZäé789!#$%^*()+,;:=@/&{}[]<>|~?-_.`
	quoted = `"'\`
	all    = bare + quoted + " \n"
)

func asJSON(of any) string {
	text, err := json.Marshal(of)
	if err != nil {
		panic(err) // of texts
	}
	return string(text)
}

// inEachPlace is a service that has a text in each place where a text can be.
func inEachPlace(text string) swarm.ServiceSpec {
	options := map[string]string{"o": text}
	return swarm.ServiceSpec{
		Annotations: swarm.Annotations{Name: "web", Labels: options},
		TaskTemplate: swarm.TaskSpec{
			ContainerSpec: &swarm.ContainerSpec{
				Command: []string{"sh", "-c", text}, Args: []string{text}, Env: []string{"TEXT=" + text}, Labels: options,
				Healthcheck: &container.HealthConfig{Test: []string{"CMD-SHELL", text}},
				Mounts:      []mount.Mount{{Type: mount.TypeVolume, Target: "/data", VolumeOptions: &mount.VolumeOptions{Labels: options, DriverConfig: &mount.Driver{Options: options}}}},
			},
			Networks:  []swarm.NetworkAttachmentConfig{{Target: "back", DriverOpts: options}},
			LogDriver: &swarm.Driver{Name: "json-file", Options: options},
		},
	}
}

// said is all that is ever said of two services.
func said(was, is swarm.ServiceSpec) string {
	return compose.Diff("web", was, is) + fmt.Sprint(compose.Changed(was, is)) + fmt.Sprint(compose.Parts("id", is)) + fmt.Sprint(compose.Labels(is.Labels))
}

// Of a secret that stands behind a name that smells, or where passwords stand, no four bytes in a row
// are shown, in whatever way it is put there.
func TestNoPartOfASecretIsShown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		way := rapid.SampledFrom(ways).Draw(t, "way")
		drawn := func(name string) string {
			return rapid.StringOfN(rapid.SampledFrom([]rune(way.letters)), 4, 20, -1).Draw(t, name)
		}
		name := rapid.SampledFrom([]string{"password", "DB_PW", "api.token", "cardPin", "X-Api-Key", "SALT"}).Draw(t, "name")
		one, other := drawn("value"), drawn("other")
		was, is := inEachPlace(way.text(name, one)), inEachPlace(way.text(name, other))
		shown, around := said(was, is), said(inEachPlace(way.text(name, "")), inEachPlace(way.text(name, "hidden")))
		for _, value := range []string{one, other} {
			for at := range len(value) - 3 {
				if part := value[at : at+4]; strings.Contains(shown, part) && !strings.Contains(around, part) {
					t.Fatalf("%q of %q is shown in\n%s", part, way.text(name, value), shown)
				}
			}
		}
		if one != other && len(compose.Changed(was, is)) == 0 {
			t.Fatalf("that it changes is hidden: %s", shown)
		}
	})
}

// A secret that is an argument of its own may have anything in it.
func TestNoPartOfAnArgumentIsShown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOfN(rapid.SampledFrom([]rune(all)), 4, 20, -1).Draw(t, "value")
		for _, arguments := range [][]string{{"--password", value}, {"--password=" + value}, {"DB_PW=" + value}, {"-u", "admin:" + value}, {"-uadmin:" + value}, {"/bin/redis-cli", "-a", value}, {"redis-cli", "-a" + value}, {"smbclient", "-U", "admin%" + value}, {"sshpass", "-p", value}} {
			of := func(arguments []string) swarm.ServiceSpec {
				return swarm.ServiceSpec{TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Args: arguments}}}
			}
			shown, around := said(swarm.ServiceSpec{}, of(arguments)), said(swarm.ServiceSpec{}, of([]string{"--password=x", "DB_PW=x", "-u", "admin:x", "-uadmin:x", "/bin/redis-cli", "-a", "x", "-ax", "redis-cli", "smbclient", "-U", "admin%x", "sshpass", "-p"}))
			for at := range len(value) - 3 {
				if part := value[at : at+4]; strings.Contains(shown, part) && !strings.Contains(around, part) {
					t.Fatalf("%q of %q is shown in\n%s", part, arguments, shown)
				}
			}
		}
	})
}
