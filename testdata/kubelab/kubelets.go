package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/apis/v1alpha1"
	"sigs.k8s.io/kwok/pkg/client/clientset/versioned"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	"sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/client"
	strictyaml "sigs.k8s.io/yaml"
)

//go:embed stages.yaml
var stagesYAML []byte

// runningKubelet selects the nodes whose kubelets are simulated. A node that is
// labelled out of it falls silent, as a machine does that lost its power.
const runningKubelet = "kubelab/kubelet!=stopped"

// stages says how the objects of each kind live.
type stages map[internalversion.StageResourceRef][]*internalversion.Stage

// kubelets is KWOK: the kubelets of all nodes, simulated.
type kubelets struct {
	*cluster
	stages stages
}

// run simulates until the context ends. It builds KWOK's controller itself: KWOK's
// command reads os.Args and the environment, and takes the flag --version for its own.
func (k kubelets) run(ctx context.Context) error {
	ctx = log.NewContext(ctx, log.NewLogger(k.log, log.LevelInfo))
	config, err := k.config()
	if err != nil {
		return err
	}
	controller, err := controllers.NewController(config)
	if err != nil {
		return err
	}
	if err := controller.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (k kubelets) config() (controllers.Config, error) {
	config := controllers.Config{
		Clock:                        clock.RealClock{},
		ManageNodesWithLabelSelector: runningKubelet,
		NodeIP:                       "127.0.0.1",
		NodePort:                     k.kubeletPort,
		CIDR:                         podAddresses(),
		LocalStages:                  k.stages,
		// Always the same, so that after a kill the leases are still ours and the
		// nodes need not wait until they run out.
		ID: "kubelab",
		// A lease is renewed four times in its duration, so eight times in the grace.
		NodeLeaseDurationSeconds:  uint(k.nodeGrace.Seconds() / 2),
		NodeLeaseParallelism:      4,
		NodePlayStageParallelism:  4,
		PodPlayStageParallelism:   8,
		PodsOnNodeSyncParallelism: 4,
	}
	return config, k.connect(&config)
}

// connect makes the clients that KWOK needs.
func (k kubelets) connect(config *controllers.Config) error {
	set, err := client.NewClientset("", k.adminKubeconfig())
	if err != nil {
		return err
	}
	rc, err := set.ToRESTConfig()
	if err != nil {
		return err
	}
	var failures [5]error
	config.DynamicClient, failures[0] = set.ToDynamicClient()
	config.RESTMapper, failures[1] = set.ToRESTMapper()
	config.RESTClient, failures[2] = rest.RESTClientFor(rc)
	config.TypedClient, failures[3] = kubernetes.NewForConfig(rc)
	config.TypedKwokClient, failures[4] = versioned.NewForConfig(rc)
	config.ImpersonatingDynamicClient = set.ToImpersonatingDynamicClient()
	config.ImpersonatingTypedClient = set.ToImpersonatingTypedClient()
	return errors.Join(failures[:]...)
}

// podAddresses is the network that pods get their addresses from. KWOK does not
// remember those that it gave away before a restart; another network at each start
// makes it improbable that an address is given twice.
func podAddresses() string { return fmt.Sprintf("10.%d.0.0/16", 128+rand.IntN(128)) }

// readStages reads the stages that the program holds, and refuses unknown fields.
func readStages() (stages, error) {
	read := stages{}
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stagesYAML)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return read, nil
		}
		if err != nil {
			return nil, err
		}
		var stage v1alpha1.Stage
		if err := strictyaml.UnmarshalStrict(document, &stage); err != nil {
			return nil, err
		}
		internal, err := internalversion.ConvertToInternalStage(&stage)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", stage.Name, err)
		}
		kind := internal.Spec.ResourceRef
		read[kind] = append(read[kind], internal)
	}
}
