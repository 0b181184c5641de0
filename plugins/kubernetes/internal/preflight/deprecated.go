package preflight

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// DeprecatedAPI is a deprecated API that is in use.
type DeprecatedAPI struct {
	Group          string `json:"group" required:"true" doc:"Group of the API; empty for the core one."`
	Version        string `json:"version" required:"true" doc:"Version of the API, as v1beta1."`
	Resource       string `json:"resource" required:"true" doc:"Resource that was asked for."`
	Subresource    string `json:"subresource" required:"true" doc:"Subresource that was asked for; often empty."`
	RemovedRelease string `json:"removedRelease" required:"true" example:"1.32" doc:"Release that does not have it any more; empty where none is named."`
}

// String is the API as a person reads it: "batch/v1beta1 cronjobs".
func (d DeprecatedAPI) String() string {
	text := d.Version + " " + d.Resource
	if d.Group != "" {
		text = d.Group + "/" + text
	}
	if d.Subresource != "" {
		text += "/" + d.Subresource
	}
	return text
}

func (p preflight) readDeprecated(ctx context.Context, skew *skew, out *Output) error {
	text, err := p.Kube.Discovery().RESTClient().Get().AbsPath("/metrics").Stream(ctx)
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsUnauthorized(err) {
		out.Unknown = append(out.Unknown, fmt.Sprintf("It is not known which deprecated APIs are in use, since the API server's metrics may not be read: %s.", err))
		return nil
	}
	if err != nil {
		return cluster.FaultIn(ctx, err, "read the API server's metrics")
	}
	defer text.Close()
	found, areServers, err := deprecatedIn(text)
	if err != nil {
		return cluster.FaultIn(ctx, err, "read the API server's metrics")
	}
	if !areServers {
		out.Unknown = append(out.Unknown, "It is not known which deprecated APIs are in use, since what answers for metrics is not the API server.")
		return nil
	}
	out.DeprecatedAPIs = found
	var lost []string
	for _, api := range found {
		if !skew.has(api.RemovedRelease) {
			lost = append(lost, api.String()+" (removed in "+api.RemovedRelease+")")
		}
	}
	if len(lost) > 0 {
		out.Problems = append(out.Problems, "These APIs are in use, and "+minor(skew.target)+" does not have them: "+strings.Join(cluster.Few(lost), ", ")+".")
	}
	return nil
}

const (
	deprecatedMetric = "apiserver_requested_deprecated_apis{"
	longestLine      = 1 << 20
)

// deprecatedIn reads metrics in the text format, of which there are megabytes, line by
// line. They are an API server's where any is of its own.
func deprecatedIn(text io.Reader) (found []DeprecatedAPI, areServers bool, err error) {
	label := regexp.MustCompile(`(\w+)=("(?:[^"\\]|\\.)*")`)
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		line := lines.Text()
		areServers = areServers || strings.HasPrefix(line, "apiserver_")
		if !strings.HasPrefix(line, deprecatedMetric) || strings.HasSuffix(line, "} 0") {
			continue
		}
		values := map[string]string{}
		for _, pair := range label.FindAllStringSubmatch(line, -1) {
			if values[pair[1]], err = strconv.Unquote(pair[2]); err != nil {
				return nil, false, fmt.Errorf("%s: %w", line, err)
			}
		}
		found = append(found, DeprecatedAPI{values["group"], values["version"], values["resource"], values["subresource"], values["removed_release"]})
	}
	slices.SortFunc(found, func(a, b DeprecatedAPI) int { return strings.Compare(a.String(), b.String()) })
	return found, areServers, lines.Err()
}
