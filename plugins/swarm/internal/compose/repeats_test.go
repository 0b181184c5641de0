package compose_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
)

// repeats are texts that could have one look far ahead at each place.
var repeats = []string{
	"-u,", `-u"`, "-u'\"", "-uu:", "a,", "-uu,:", "$(-u", "${a", "-u$(", `\"-u`, "password for ", "key(", "'key(", "by ", "<key>", `name="key">`, `<name>key`, "value:", "{value",
	"redis-cli -a", "-a,redis-cli,", "password+", "key\n\n", "https://@", ":@", "chpasswd:", "password%", `"key",`, `-u\`, "key=;", "key=a;b", "-u=", "-----BEGIN",
}

// The cost of masking a text grows with it, and not with its square.
func BenchmarkMasking(b *testing.B) {
	for _, repeat := range repeats {
		for _, size := range []int{1_000, 10_000, 40_000} {
			b.Run(fmt.Sprintf("%s/%d", repeat, size), func(b *testing.B) {
				label := map[string]string{"text": strings.Repeat(repeat, size/len(repeat))}
				b.SetBytes(int64(size))
				for b.Loop() {
					compose.Labels(label)
				}
			})
		}
	}
}

// The same goes for many values that look alike once they are masked.
func BenchmarkAlike(b *testing.B) {
	for _, number := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(number), func(b *testing.B) {
			was, is := web(), web()
			for i := range number {
				was.TaskTemplate.ContainerSpec.Args = append(was.TaskTemplate.ContainerSpec.Args, fmt.Sprintf("--password=%d", i))
				is.TaskTemplate.ContainerSpec.Args = append(is.TaskTemplate.ContainerSpec.Args, fmt.Sprintf("--password=x%d", i))
			}
			for b.Loop() {
				if len(compose.Changed(was, is)) != 1 {
					b.Fatal("it is not seen")
				}
			}
		})
	}
}
