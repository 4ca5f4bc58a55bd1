import { lazy } from "react";
import type { Step } from "./page";
import type { StepProps } from "./step";

// Each when it is opened: together they are larger than the board.
const NewLead = lazy(() => import("./lead"));
const Register = lazy(() => import("./register"));
const Book = lazy(() => import("./book"));
const Outcome = lazy(() => import("./outcome"));
const Present = lazy(() => import("./present"));
const End = lazy(() => import("./end"));

/** The steps that bring a card further, one dialog at a time. */
export function Steps({ step, ...props }: StepProps & { step: Step }) {
  switch (step.kind) {
    case "lead":
      return <NewLead {...props} />;
    case "register":
      return <Register {...props} leadId={step.leadId} />;
    case "book":
      return <Book {...props} card={step.card} known={step.patient} type={step.type} />;
    case "outcome":
      return <Outcome {...props} card={step.card} />;
    case "present":
      return <Present {...props} card={step.card} />;
    case "end":
      return <End {...props} card={step.card} />;
  }
}
