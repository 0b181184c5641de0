package compose_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
)

// The cost of a diff grows with what a service says, and not with its square.
func BenchmarkDiff(b *testing.B) {
	for _, variables := range []int{10, 100, 1000, 10000} {
		b.Run(fmt.Sprint(variables), func(b *testing.B) {
			was, is := web(), web()
			var env []string
			for i := range variables {
				env = append(env, fmt.Sprintf("VARIABLE_%05d=value", i))
			}
			was.TaskTemplate.ContainerSpec.Env, is.TaskTemplate.ContainerSpec.Env = env, append(slices.Clip(env), "LAST_PASSWORD=x")
			for b.Loop() {
				if compose.Diff("web", was, is) == "" || len(compose.Changed(was, is)) != 1 {
					b.Fatal("it is not seen")
				}
			}
		})
	}
}
