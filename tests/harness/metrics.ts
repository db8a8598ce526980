/** What a server tells Prometheus: on a listener of its own, which `/health` names outside of production. */
export async function metricsOf(url: string): Promise<string> {
  const { metrics } = (await (await fetch(`${url}/health`)).json()) as { metrics: string };
  return (await fetch(metrics)).text();
}
