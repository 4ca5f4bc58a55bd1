import { ChoiceField } from "./form";
import { common as w } from "./words/common";

/** Which location a page is about, when there are several. */
export function PlaceChoice(props: {
  place: { id: string };
  places: { id: string; name: string }[];
  choose: (id: string) => void;
}) {
  if (props.places.length < 2) return null;
  return (
    <ChoiceField
      label={w.place}
      value={props.place.id}
      options={props.places.map((place) => ({ value: place.id, label: place.name }))}
      onChoice={props.choose}
    />
  );
}
