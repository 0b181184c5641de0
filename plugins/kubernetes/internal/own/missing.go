package own

import (
	"context"
	"errors"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Missing is the error of a parameter that names what is not there, or not ready.
func Missing(field, format string, args ...any) error {
	return missing{sdk.FieldErrorf(field, format, args...)}
}

type missing struct{ cause *sdk.Error }

func (m missing) Error() string { return m.cause.Error() }

func (m missing) Unwrap() error { return m.cause }

// Planned is a plan that does not fail of what is missing now, be it an object or its
// kind: an earlier step may make it, so that it is what stands in the way.
func Planned[I any](plan func(context.Context, *sdk.Call[I]) (sdk.Preview, error)) func(context.Context, *sdk.Call[I]) (sdk.Preview, error) {
	return func(ctx context.Context, call *sdk.Call[I]) (sdk.Preview, error) {
		preview, err := plan(ctx, call)
		if _, is := errors.AsType[missing](err); !is && !cluster.MayCome(err) {
			return preview, err
		}
		if preview.Summary == "" {
			preview.Summary = "would do what is not known yet"
		}
		preview.Blockers = append(preview.Blockers, cluster.Sentence(sdk.AsError(err).Message))
		return preview, nil
	}
}
