/** What users of the Python client do; arguments: kubeconfig, namespace, pod. Ends with exit code 0 when all went well. */
export const PYTHON_PROGRAM = `
import json, sys, time
from kubernetes import client, config, watch, dynamic, utils
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream

kubeconfig, namespace, pod = sys.argv[1:4]
config.load_kube_config(kubeconfig)
core = client.CoreV1Api()
apps = client.AppsV1Api()

def config_map(name, data):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"from": "python"}), data=data)

def objects():
    made = core.create_namespaced_config_map(namespace, config_map("python", {"a": "1"}))
    assert made.metadata.uid
    made.data["a"] = "2"
    assert core.replace_namespaced_config_map("python", namespace, made).data == {"a": "2"}
    try:
        core.replace_namespaced_config_map("python", namespace, made)
        raise AssertionError("a stale write was taken")
    except ApiException as e:
        assert e.status == 409, e
    patched = core.patch_namespaced_config_map("python", namespace, {"data": {"b": "3"}})
    assert patched.data == {"a": "2", "b": "3"}
    patched = core.patch_namespaced_config_map("python", namespace, [{"op": "remove", "path": "/data/a"}])
    assert patched.data == {"b": "3"}
    listed = core.list_namespaced_config_map(namespace, label_selector="from=python", limit=1)
    assert [i.metadata.name for i in listed.items] == ["python"]
    try:
        core.create_namespaced_config_map(namespace, config_map("Not Valid", {}))
        raise AssertionError("a bad name was taken")
    except ApiException as e:
        assert e.status == 422, e
    assert core.delete_namespaced_config_map("python", namespace).status == "Success"

def watching():
    version = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, config_map("seen", {}))
    core.delete_namespaced_config_map("seen", namespace)
    seen = []
    w = watch.Watch()
    for event in w.stream(core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=20):
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            w.stop()
    assert seen == [("ADDED", "seen"), ("DELETED", "seen")], seen

def executing():
    said = stream(core.connect_get_namespaced_pod_exec, pod, namespace, command=["echo", "hello"],
                  stdout=True, stderr=True, stdin=False, tty=False)
    assert said.strip() == "hello", said
    talk = stream(core.connect_get_namespaced_pod_exec, pod, namespace, command=["sh"], stdin=True,
                  stdout=True, stderr=True, tty=False, _preload_content=False)
    talk.write_stdin("echo again; exit 4\\n")
    talk.run_forever(timeout=20)
    again = talk.read_stdout()
    assert again.strip() == "again", (again, talk.read_stderr(), talk.returncode)
    assert talk.returncode == 4, talk.returncode
    assert core.read_namespaced_pod_log(pod, namespace, tail_lines=1) is not None

def by_discovery():
    dyn = dynamic.DynamicClient(client.ApiClient())
    api = dyn.resources.get(api_version="apps/v1", kind="Deployment")
    names = [d.metadata.name for d in api.get(namespace=namespace).items]
    assert names, "a deployment is there"
    patched = api.patch(name=names[0], namespace=namespace, body={"metadata": {"annotations": {"by": "python"}}},
                        content_type="application/merge-patch+json")
    assert patched.metadata.annotations["by"] == "python"
    # This version of the client has no server-side apply of its own.
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"x": "1"}}
    client.ApiClient().call_api("/api/v1/namespaces/%s/configmaps/applied" % namespace, "PATCH",
        query_params=[("fieldManager", "python")], body=json.dumps(applied), auth_settings=["BearerToken"],
        header_params={"Content-Type": "application/apply-patch+yaml", "Accept": "application/json"})
    assert core.read_namespaced_config_map("applied", namespace).data == {"x": "1"}

def scaling():
    name = apps.list_namespaced_deployment(namespace).items[0].metadata.name
    scale = apps.read_namespaced_deployment_scale(name, namespace)
    assert scale.spec.replicas == 1
    apps.patch_namespaced_deployment_scale(name, namespace, {"spec": {"replicas": 2}})
    deadline = time.monotonic() + 60
    while (apps.read_namespaced_deployment(name, namespace).status.ready_replicas or 0) < 2:
        assert time.monotonic() < deadline, "two replicas"
        time.sleep(0.05)
    apps.patch_namespaced_deployment_scale(name, namespace, {"spec": {"replicas": 1}})

def from_yaml():
    utils.create_from_dict(client.ApiClient(), {"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "python"}, "spec": {"ports": [{"port": 80}]}}, namespace=namespace)
    assert core.read_namespaced_service("python", namespace).spec.cluster_ip
    assert client.VersionApi().get_code().major == "1"

for part in [objects, watching, executing, by_discovery, scaling, from_yaml]:
    part()
    print(part.__name__, "ok", flush=True)
`;
